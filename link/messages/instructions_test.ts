import { settle } from "../../base/testing/settle.ts";
import assert from "node:assert/strict";
import {
  Bench,
  linkTest,
  MODEL,
  MODEL_OBJECTS,
  object,
  rootOf,
  storeTest,
} from "../../tests/link/harness.ts";
import { pushComplete, wholePush } from "../../tests/link/push_complete.ts";
import type { LinkStore } from "../store/store.ts";
import type { InstructionTable } from "./message_tables.ts";

linkTest("pulls return the oldest instruction first, each once", async (bench) => {
  const nodeId = await bench.node();
  const other = await bench.node();
  const first = await bench.push(nodeId);
  const second = await bench.push(nodeId);
  assert.deepEqual(await bench.link.messages.pullInstruction(nodeId), { ...first, delivery: 1 });
  assert.deepEqual(await bench.link.messages.pullInstruction(nodeId), { ...second, delivery: 1 });
  assert.equal(await bench.link.messages.pullInstruction(nodeId), undefined);
  assert.equal(await bench.link.messages.pullInstruction(other), undefined);
  assert.equal(first.pushedAt, bench.clock.now());
});

linkTest("objects are stored children first, each once", async (bench) => {
  const nodeId = await bench.node();
  const shared = object("shared");
  const left = object("left", [shared]);
  const root = object("root", [left, shared]);
  const message = bench.instruction(nodeId, { content: root.id });
  const objects = [rootOf(message), root, left, shared, object("unneeded")];
  assert.deepEqual(await pushComplete(bench.link, [message], objects), [undefined]);
  assert.deepEqual(await bench.stored("root"), [shared, left, root]);
  const whole = await bench.stored(message.messageId);
  assert.deepEqual(whole, [shared, left, root, rootOf(message)]);
  await assert.rejects(bench.stored("unneeded"), { code: "not-found" });
});

linkTest("a long poll ends at the push, without delay", async (bench) => {
  const nodeId = await bench.node();
  const pulls = [1, 2, 3].map(() =>
    bench.link.messages.pullInstruction(nodeId, { holdSeconds: 20 })
  );
  const pushed = [await bench.push(nodeId), await bench.push(nodeId), await bench.push(nodeId)];
  const pulled = await Promise.all(pulls);
  assert.deepEqual(
    new Set(pulled.map((message) => message?.messageId)),
    new Set(pushed.map((message) => message.messageId)),
  );
});

linkTest("a long poll ends empty after its time, and no later than the limit", async (bench) => {
  const nodeId = await bench.node(1000);
  let ended = 0;
  for (const holdSeconds of [5, 500, Infinity]) {
    void bench.link.messages.pullInstruction(nodeId, { holdSeconds }).then((message) => {
      assert.equal(message, undefined);
      ended++;
    });
  }
  assert.equal(await bench.link.messages.pullInstruction(nodeId, { holdSeconds: NaN }), undefined);
  await bench.pass(4.9);
  assert.equal(ended, 0);
  await bench.pass(0.2);
  assert.equal(ended, 1);
  await bench.pass(14.8);
  assert.equal(ended, 1);
  await bench.pass(0.2);
  assert.equal(ended, 3);
});

linkTest("an aborted pull loses no instruction", async (bench) => {
  const nodeId = await bench.node();
  for (let turn = 0; turn < 100; turn++) {
    const caller = new AbortController();
    const aborted = bench.link.messages.pullInstruction(nodeId, {
      holdSeconds: 20,
      signal: caller.signal,
    });
    const pushing = bench.push(nodeId);
    // Aborts at a different point of the push and of the hand-out each time.
    for (let tick = 0; tick < turn; tick++) await Promise.resolve();
    caller.abort();
    const pushed = await pushing;
    const pulled = await aborted ?? await bench.link.messages.pullInstruction(nodeId);
    assert.equal(pulled?.messageId, pushed.messageId, `aborted after ${turn} ticks`);
    await bench.answer(pushed);
  }
  assert.equal(
    await bench.link.messages.pullInstruction(nodeId, {
      holdSeconds: 20,
      signal: AbortSignal.abort(),
    }),
    undefined,
  );
});

linkTest("a node that is not a member cannot pull", async (bench) => {
  await assert.rejects(bench.link.messages.pullInstruction(5n), {
    code: "not-found",
    message: /"5"/,
  });
  const nodeId = await bench.node(30, new Uint8Array([1]));
  const held = bench.link.messages.pullInstruction(nodeId, { holdSeconds: 20 });
  await Promise.all([
    assert.rejects(held, { code: "not-found" }),
    bench.link.nodes.leave(nodeId),
  ]);
});

linkTest("an expired instruction is not handed out", async (bench) => {
  const nodeId = await bench.node(1000);
  await bench.push(nodeId, { ttl: 10 });
  const lasting = await bench.push(nodeId, { ttl: 20 });
  await bench.pass(10);
  assert.equal((await bench.link.messages.pullInstruction(nodeId))?.messageId, lasting.messageId);
});

linkTest("a long poll ends empty when its node joins again", async (bench) => {
  const key = new Uint8Array([7]);
  const nodeId = await bench.node(30, key);
  const pushed = await bench.push(nodeId);
  await bench.link.messages.pullInstruction(nodeId);
  // The crashed process: an instruction handed to it now would be lost.
  const held = bench.link.messages.pullInstruction(nodeId, { holdSeconds: 20 });
  // Until it is held. Of calls that arrive together, a shared store decides which comes first.
  await settle();
  await bench.node(30, key);
  assert.equal(await held, undefined);
  assert.equal((await bench.link.messages.pullInstruction(nodeId))?.messageId, pushed.messageId);
});

linkTest(
  "unanswered instructions are handed out again after their node joins again",
  async (bench) => {
    const key = new Uint8Array([7]);
    const nodeId = await bench.node(30, key);
    const pushed = await bench.push(nodeId);
    await bench.link.messages.pullInstruction(nodeId);
    assert.equal(await bench.link.messages.pullInstruction(nodeId), undefined);
    await bench.node(30, key);
    assert.equal((await bench.link.messages.pullInstruction(nodeId))?.messageId, pushed.messageId);
    await bench.link.nodes.leave(nodeId);
    await bench.node(30, key);
    assert.equal((await bench.link.messages.pullInstruction(nodeId))?.messageId, pushed.messageId);
    assert.deepEqual(bench.eventsOf("instruction-handed-out").map((event) => event.delivery), [
      1,
      2,
      3,
    ]);
  },
);

linkTest("a returned instruction is handed out again, before others", async (bench) => {
  const nodeId = await bench.node();
  const first = await bench.push(nodeId);
  await bench.push(nodeId);
  const handed = (await bench.link.messages.pullInstruction(nodeId))!;
  await bench.link.messages.returnInstruction(nodeId + 1n, handed);
  await bench.link.messages.returnInstruction(nodeId, { ...handed, messageId: "unknown" });
  await bench.link.messages.returnInstruction(nodeId, handed);
  assert.equal((await bench.link.messages.pullInstruction(nodeId))?.messageId, first.messageId);
});

linkTest(
  "a late return, after the next delivery, has no effect",
  async (bench) => {
    const key = new Uint8Array([1]);
    const nodeId = await bench.node(30, key);
    await bench.push(nodeId);
    const lost = (await bench.link.messages.pullInstruction(nodeId))!;
    await bench.node(30, key); // it was killed, and is back before its old connection is noticed
    const handed = (await bench.link.messages.pullInstruction(nodeId))!;
    assert.deepEqual([lost.delivery, handed.delivery], [1, 2]);
    await bench.link.messages.returnInstruction(nodeId, lost);
    assert.equal(await bench.link.messages.pullInstruction(nodeId), undefined);
    await bench.link.messages.returnInstruction(nodeId, handed);
    assert.equal((await bench.link.messages.pullInstruction(nodeId))?.delivery, 3);
  },
);

linkTest(
  "an empty-handed pull requeues the node's unanswered instructions",
  async (bench) => {
    const [nodeId, other] = [await bench.node(), await bench.node()];
    const [answered, lost] = [await bench.push(nodeId), await bench.push(nodeId)];
    const elsewhere = await bench.push(other);
    for (const node of [nodeId, nodeId, other]) await bench.link.messages.pullInstruction(node);
    await bench.answer(answered);
    // Without `emptyHanded` the node may be working on the instruction.
    assert.equal(await bench.link.messages.pullInstruction(nodeId), undefined);

    const again = await bench.link.messages.pullInstruction(nodeId, { emptyHanded: true });
    assert.deepEqual([again?.messageId, again?.delivery], [lost.messageId, 2]);
    await bench.answer(lost);
    assert.equal(
      await bench.link.messages.pullInstruction(nodeId, { emptyHanded: true }),
      undefined,
    );
    // Instructions of another node are not affected.
    assert.equal(await bench.link.messages.pullInstruction(other), undefined);
    const theirs = await bench.link.messages.pullInstruction(other, { emptyHanded: true });
    assert.deepEqual([theirs?.messageId, theirs?.delivery], [elsewhere.messageId, 2]);
  },
);

storeTest("an empty-handed pull does not read waiting instructions", async (stores) => {
  let read = 0;
  const open = async (): Promise<LinkStore> => {
    const store = await stores.open();
    const transaction = store.transaction.bind(store);
    return Object.assign(store, {
      transaction: ((kind, work, onCommit) =>
        transaction(kind, (tx) =>
          work({ ...tx, instructions: counted(tx.instructions) }), onCommit)) as LinkStore[
          "transaction"
        ],
    });
  };
  const counted = (table: InstructionTable) =>
    new Proxy(table, {
      get(target, name) {
        const method = Reflect.get(target, name).bind(target);
        return async (...args: unknown[]) => {
          const result = await method(...args);
          if (result !== undefined) read += [result].flat().length;
          return result;
        };
      },
    });
  const bench = new Bench({ open }, {});
  await bench.start();
  try {
    const nodeId = await bench.node();
    const pushed = await Array.fromAsync({ length: 30 }, () => bench.push(nodeId));
    await bench.link.messages.pullInstruction(nodeId);
    read = 0;
    const again = await bench.link.messages.pullInstruction(nodeId, { emptyHanded: true });
    assert.deepEqual([again?.messageId, again?.delivery], [pushed[0]!.messageId, 2]);
    assert.ok(read > 0 && read < 10, `${read} instructions read`);
  } finally {
    await bench.link.close();
  }
});

linkTest("only one of two long polls gets an instruction", async (bench) => {
  const nodeId = await bench.node();
  const pulls = [1, 2].map(() =>
    bench.link.messages.pullInstruction(nodeId, { emptyHanded: true, holdSeconds: 20 })
  );
  const pushed = await bench.push(nodeId);
  const other = Promise.all(pulls);
  await bench.pass(20.5);
  const handed = (await other).flatMap((message) => message ?? []);
  assert.deepEqual(handed.map(({ messageId }) => messageId), [pushed.messageId]);
});

linkTest("an answered instruction is not handed out again", async (bench) => {
  const nodeId = await bench.node(30, new Uint8Array([1]));
  const pushed = await bench.push(nodeId);
  const handed = (await bench.link.messages.pullInstruction(nodeId))!;
  await bench.answer(pushed);
  await bench.link.messages.returnInstruction(nodeId, handed);
  await bench.node(30, new Uint8Array([1]));
  await bench.restart();
  assert.equal(await bench.link.messages.pullInstruction(nodeId), undefined);
});

linkTest(
  "a restart requeues handed-out instructions and still accepts their replies",
  async (bench) => {
    const nodeId = await bench.node();
    const lost = await bench.push(nodeId);
    const working = await bench.push(nodeId);
    await bench.link.messages.pullInstruction(nodeId);
    await bench.link.messages.pullInstruction(nodeId);
    await bench.restart();
    await bench.answer(working);
    assert.equal((await bench.link.messages.pullInstruction(nodeId))?.messageId, lost.messageId);
    assert.equal(await bench.link.messages.pullInstruction(nodeId), undefined);
    const [reply] = await bench.link.messages.pullReplies([working.messageId]);
    assert.equal(reply?.content, "update");
  },
);

linkTest(
  "an instruction that crashes its node gets an error reply after maxDeliveries",
  async (bench) => {
    const nodeId = await bench.node();
    const { messageId } = await bench.push(nodeId);
    const asked = bench.link.messages.pullReplies([messageId], { holdSeconds: 20 });
    for (let delivery = 1; delivery <= 3; delivery++) {
      const handed = (await bench.link.messages.pullInstruction(nodeId))!;
      assert.deepEqual([handed.messageId, handed.delivery], [messageId, delivery]);
      await bench.link.messages.returnInstruction(nodeId, handed);
    }
    assert.equal(await bench.link.messages.pullInstruction(nodeId), undefined);
    const [reply] = await asked;
    assert.equal(reply?.error?.code, 8);
    assert.match(reply.error.reason, new RegExp(`"${nodeId}" .* 3 times`));
  },
  { maxDeliveries: 3 },
);

linkTest("refused messages are reported one by one, and the others accepted", async (bench) => {
  const nodeId = await bench.node();
  const messages = [
    bench.instruction(nodeId),
    bench.instruction(99n),
    bench.instruction(nodeId, { content: undefined }),
    bench.instruction(nodeId),
  ];
  const objects = [...MODEL_OBJECTS, ...messages.map(rootOf)];
  const refusals = await pushComplete(bench.link, messages, objects);
  assert.deepEqual(refusals.map((refusal) => refusal?.code), [
    undefined,
    "node-unknown",
    "content-or-error",
    undefined,
  ]);
  const elsewhere = bench.instruction(nodeId, { runId: 5n });
  assert.equal((await bench.refusalOf(elsewhere, MODEL_OBJECTS))?.code, "run-unknown");
  assert.equal(bench.eventsOf("instruction-refused").length, 3);
  assert.notEqual(await bench.link.messages.pullInstruction(nodeId), undefined);
  assert.notEqual(await bench.link.messages.pullInstruction(nodeId), undefined);
  assert.equal(await bench.link.messages.pullInstruction(nodeId), undefined);
});

linkTest("an incomplete message leaves no object behind", async (bench) => {
  const nodeId = await bench.node();
  const root = object("root", [MODEL, object("absent")]);
  const message = bench.instruction(nodeId, { content: "root" });
  const objects = [rootOf(message), root, ...MODEL_OBJECTS];
  const { missing } = await bench.link.messages.openPush(wholePush([message], objects));
  assert.deepEqual(missing, ["absent"]);
  assert.equal(await bench.link.messages.pullInstruction(nodeId), undefined);
  await bench.pass(200);
  assert.deepEqual(bench.eventsOf("instruction-refused").map(({ code }) => code), [
    "objects-late",
  ]);
  assert.equal((await bench.store.usage()).objects, 0);
});

linkTest("a cycle of objects is refused", async (bench) => {
  const nodeId = await bench.node();
  const round = { id: "a", bytes: new Uint8Array(), children: ["b"] };
  const back = { id: "b", bytes: new Uint8Array(), children: ["a"] };
  const message = bench.instruction(nodeId, { content: "a" });
  assert.equal((await bench.refusalOf(message, [round, back]))?.code, "objects-too-deep");
  assert.equal((await bench.store.usage()).objects, 0);
});
