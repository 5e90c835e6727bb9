/** How many statements the SuperLink's calls take. Each is a round trip to a database server. */
import assert from "node:assert/strict";
import { Connection } from "../../link/store/postgres/connection.ts";
import { PostgresStore } from "../../link/store/postgres/postgres_store.ts";
import type { LinkObject } from "../../entities/object.ts";
import { postgresTest } from "../support/postgres.ts";
import { Bench, object, rootOf } from "./harness.ts";
import { pushComplete, wholePush } from "./push_complete.ts";

const NODES = 100;

/** A model of 126 objects: a content with 25 arrays of four chunks each. */
function model(name: string): LinkObject[] {
  const chunks = Array.from({ length: 100 }, (_, index) => object(`${name} chunk ${index}`));
  const arrays = Array.from(
    { length: 25 },
    (_, index) => object(`${name} array ${index}`, chunks.slice(4 * index, 4 * index + 4)),
  );
  return [...chunks, ...arrays, object(`${name} model`, arrays)];
}

/** Counts the statements of work, without BEGIN, COMMIT and the mark of the transaction, which is sent with COMMIT. */
async function statements(work: () => Promise<unknown>): Promise<number> {
  const { query } = Connection.prototype;
  let count = 0;
  Connection.prototype.query = function (...values) {
    if (!/^(INSERT INTO|DELETE FROM) flwr_commit/.test(values[0])) count++;
    return query.apply(this, values);
  };
  try {
    await work();
  } finally {
    Connection.prototype.query = query;
  }
  return count;
}

postgresTest(
  "a model of 126 objects goes to 100 nodes and back in few statements",
  async (target) => {
    const bench = new Bench({ open: () => PostgresStore.open(target) }, {});
    await bench.start();
    const { link, runId } = bench;
    try {
      const nodeIds = [];
      for (let node = 0; node < NODES; node++) nodeIds.push(await bench.node(1000));
      const objects = model("first");
      const content = objects.at(-1)!.id;
      const messages = nodeIds.map((nodeId) => bench.instruction(nodeId, { content }));
      const [message] = messages;
      const nodeId = nodeIds[0]!;
      const pull = (caller: { nodeId: bigint; runId: bigint }, messageId: string) => async () => {
        const together = await link.objects.pullTogether(caller, {
          messageIds: [messageId],
          maxBytes: 2 ** 20,
          maxObjects: 1000,
          holds: new Set(),
        });
        assert.equal(together.objects.length, 127);
      };
      const counts: Record<string, [number, number]> = {};
      const count = async (name: string, most: number, work: () => Promise<unknown>) => {
        counts[name] = [await statements(work), most];
      };
      await count("announce with objects", 20, async () => {
        const refusals = await pushComplete(link, messages, [...objects, ...messages.map(rootOf)]);
        assert.ok(refusals.every((refusal) => refusal === undefined));
      });
      const again = nodeIds.map((nodeId) => bench.instruction(nodeId, { content: "second model" }));
      let sessionId = "";
      await count("announce without objects", 20, async () => {
        const push = wholePush(again, [...model("second"), ...again.map(rootOf)]);
        const { inlineObjects: _, ...bare } = push;
        const opened = await link.messages.openPush(bare);
        assert.equal(opened.missing.length, 126 + NODES);
        sessionId = opened.sessionId;
      });
      await count("put an object", 12, () =>
        link.messages.putObject(
          { nodeId: message!.srcNodeId, runId, sessionId },
          object("second chunk 0"),
        ));
      await count("pull an instruction", 4, () => link.messages.pullInstruction(nodeId));
      await count("pull its objects", 20, pull({ nodeId, runId }, message!.messageId));
      const reply = bench.reply({ ...message!, pushedAt: 0 }, { content: "reply model" });
      await count("reply with objects", 30, async () => {
        const all = [...model("reply"), rootOf(reply)];
        assert.deepEqual(await pushComplete(link, [reply], all), [undefined]);
      });
      const server = { nodeId: message!.srcNodeId, runId };
      await count("pull replies", 5, () =>
        link.messages.pullReplies(
          messages.map(({ messageId }) => messageId),
          { runId },
        ));
      await count("pull the reply's objects", 20, pull(server, reply.messageId));
      await count(
        "confirm the reply",
        25,
        () => link.messages.confirmReceived(server, reply.messageId),
      );
      await count("heartbeat", 3, () => link.nodes.heartbeat(nodeId, 1000));
      const others = nodeIds.slice(1);
      await count("heartbeats of 99 nodes", 3, async () => {
        const beats = others.map((nodeId) => link.nodes.heartbeat(nodeId, 1000));
        assert.ok((await Promise.all(beats)).every((isMember) => isMember));
      });
      for (const nodeId of others) while (await link.messages.pullInstruction(nodeId)) continue;
      await count("held pulls of 99 nodes", 3, async () => {
        const gone = new AbortController();
        const options = { holdSeconds: 10, signal: gone.signal };
        const held = others.map((nodeId) => link.messages.pullInstruction(nodeId, options));
        // Each has looked once before it sleeps.
        gone.abort();
        assert.ok((await Promise.all(held)).every((found) => found === undefined));
      });
      for (const [name, [number, most]] of Object.entries(counts)) {
        assert.ok(
          number <= most,
          `${name}: ${number} statements, at most ${most}; ${JSON.stringify(counts)}`,
        );
      }
    } finally {
      await bench.link.close();
    }
  },
);

postgresTest("a batch of signatures takes one statement, up to a limit", async (target) => {
  const store = await PostgresStore.open(target);
  try {
    const sign = (count: number) =>
      Array.from({ length: count }, (_, nth) => ({ peer: "a", nonce: `${nth}`, until: 10 }));
    // The first call makes its connection, and checks the schema.
    await store.signatures.add([{ peer: "b", nonce: "0", until: 10 }]);
    assert.equal(await statements(() => store.signatures.add(sign(500))), 1);
    let added: boolean[] = [];
    const both = [...sign(1500), ...sign(1500)];
    assert.equal(await statements(async () => added = await store.signatures.add(both)), 3);
    // Those of the first batch were recorded before, and each counts once.
    assert.deepEqual(added, both.map((_, nth) => nth >= 500 && nth < 1500));
    const times = new Map(Array.from({ length: 200 }, (_, nth) => [`peer ${nth}`, nth]));
    assert.equal(await statements(() => store.signers.note(times, 0)), 2);
    assert.equal((await store.signers.read()).size, 200);
  } finally {
    await store.close();
  }
});
