/**
 * Measures a round in the SuperLink's domain, in this process, over each store: 100 nodes pull an instruction with a
 * model of 250 kB in 126 objects, and answer with one. `deno run -A bench/store/round.ts [--nodes N] [--rounds N]`
 *
 * PostgreSQL is the server of the tests. The numbers are seconds of each round, best and median, and the statements.
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { SUPERLINK_NODE_ID } from "../../entities/metadata.ts";
import type { LinkObject } from "../../entities/object.ts";
import type { LinkMessage, NewLinkMessage } from "../../entities/message.ts";
import { systemClock } from "../../base/clock.ts";
import { systemRandom } from "../../base/random.ts";
import { createLink } from "../../link/create_link.ts";
import type { Link } from "../../link/link.ts";
import { MemoryStore } from "../../link/store/memory.ts";
import { PostgresStore } from "../../link/store/postgres/postgres_store.ts";
import { SqliteStore } from "../../link/store/sqlite/sqlite_store.ts";
import type { LinkStore } from "../../link/store/store.ts";
import { BY_HAND } from "../../link/testing/records.ts";
import { pushComplete } from "../../tests/link/push_complete.ts";
import { errorObject } from "../../tests/link/harness.ts";
import { asOwner, postgresServer } from "../../tests/support/postgres.ts";

const OBJECTS = 126;
const BYTES = 250_000;

const { values } = parseArgs({
  options: {
    nodes: { type: "string", default: "100" },
    rounds: { type: "string", default: "5" },
    stores: { type: "string", default: "memory,sqlite,postgres" },
  },
});
const [nodes, rounds] = [Number(values.nodes), Number(values.rounds)];
const folder = await Deno.makeTempDir();
const server = values.stores.includes("postgres") ? await postgresServer() : undefined;

const OPEN: Readonly<Record<string, () => LinkStore | Promise<LinkStore>>> = {
  memory: () => new MemoryStore(),
  sqlite: () => new SqliteStore(`${folder}/${crypto.randomUUID()}.db`),
  "sqlite-memory": () => new SqliteStore(":memory:"),
  postgres: async () => {
    const schema = `bench_${crypto.randomUUID().replaceAll("-", "")}`;
    await asOwner(server!, `CREATE SCHEMA ${schema}`);
    return await PostgresStore.open({ ...server!, schema });
  },
};

let made = 0;

/** A model: a content with arrays of chunks, 126 objects in all. Each has ids of its own. */
function model(): LinkObject[] {
  const prefix = (++made).toString(16).padStart(8, "0");
  const leaves = Array.from({ length: OBJECTS - 26 }, (_, index): LinkObject => ({
    id: `${prefix}leaf${index}x`.padEnd(64, "0"),
    bytes: crypto.getRandomValues(new Uint8Array(BYTES / (OBJECTS - 26))),
    children: [],
  }));
  const arrays = Array.from({ length: 25 }, (_, index): LinkObject => ({
    id: `${prefix}array${index}x`.padEnd(64, "0"),
    bytes: new Uint8Array(300),
    children: leaves.slice(4 * index, 4 * index + 4).map(({ id }) => id),
  }));
  const content: LinkObject = {
    id: `${prefix}content`.padEnd(64, "0"),
    bytes: new Uint8Array(1000),
    children: arrays.map(({ id }) => id),
  };
  return [...leaves, ...arrays, content];
}

function rootOf({ messageId, content }: NewLinkMessage): LinkObject {
  return { id: messageId, bytes: new Uint8Array(200), children: [content!] };
}

async function round(link: Link, runId: bigint, nodeIds: readonly bigint[]): Promise<void> {
  const objects = model();
  const base = {
    runId,
    groupId: "1",
    messageType: "train",
    createdAt: systemClock.now(),
    ttl: 3600,
  };
  const messages = nodeIds.map((dstNodeId): NewLinkMessage => ({
    ...base,
    messageId: `${++made}`.padStart(64, "a"),
    srcNodeId: SUPERLINK_NODE_ID,
    dstNodeId,
    replyToMessageId: "",
    content: objects.at(-1)!.id,
  }));
  const refusals = await pushComplete(link, messages, [...objects, ...messages.map(rootOf)]);
  const refused = refusals.find((refusal) => refusal !== undefined);
  if (refused !== undefined) throw new Error(refused.reason);
  await Promise.all(nodeIds.map((nodeId) => answer(link, runId, nodeId)));
  let left = messages.map(({ messageId }) => messageId);
  while (left.length > 0) {
    const replies: LinkMessage[] = await link.messages.pullReplies(left, { runId, holdSeconds: 5 });
    const caller = { nodeId: SUPERLINK_NODE_ID, runId };
    for (const { messageId } of replies) {
      await pullAll(link, caller, messageId);
      await link.messages.confirmReceived(caller, messageId);
    }
    const answered = new Set(replies.map(({ replyToMessageId }) => replyToMessageId));
    left = left.filter((id) => !answered.has(id));
  }
}

async function pullAll(
  link: Link,
  caller: { nodeId: bigint; runId: bigint },
  messageId: string,
): Promise<void> {
  const { objects } = await link.objects.pullTogether(caller, {
    messageIds: [messageId],
    maxBytes: 2 ** 24,
    maxObjects: 1000,
    holds: new Set(),
  });
  if (objects.length !== OBJECTS + 1) throw new Error(`${objects.length} objects`);
}

async function answer(link: Link, runId: bigint, nodeId: bigint): Promise<void> {
  const instruction = (await link.messages.pullInstruction(nodeId, { holdSeconds: 5 }))!;
  await pullAll(link, { nodeId, runId }, instruction.messageId);
  await link.messages.confirmReceived({ nodeId, runId }, instruction.messageId);
  const objects = model();
  const reply: NewLinkMessage = {
    runId,
    groupId: "1",
    messageType: "train",
    createdAt: systemClock.now(),
    ttl: 3000,
    messageId: `${++made}`.padStart(64, "b"),
    srcNodeId: nodeId,
    dstNodeId: SUPERLINK_NODE_ID,
    replyToMessageId: instruction.messageId,
    content: objects.at(-1)!.id,
  };
  const [refusal] = await pushComplete(link, [reply], [...objects, rootOf(reply)]);
  if (refusal !== undefined) throw new Error(refusal.reason);
}

async function measure(name: string): Promise<number> {
  const store = await OPEN[name]!();
  const link = await createLink({
    store,
    clock: systemClock,
    random: systemRandom,
    messageObject: errorObject,
    onEvent: () => {},
  });
  const { run: { runId } } = await link.runs.start(BY_HAND);
  const nodeIds: bigint[] = [];
  for (let node = 0; node < nodes; node++) {
    nodeIds.push((await link.nodes.create({ heartbeatInterval: 600 })).nodeId);
  }
  const times: number[] = [];
  const cpuBefore = cpuSeconds();
  for (let index = 0; index < rounds; index++) {
    const began = performance.now();
    await round(link, runId, nodeIds);
    times.push((performance.now() - began) / 1000);
  }
  const cpu = (cpuSeconds() - cpuBefore) / rounds;
  await link.close();
  times.sort((a, b) => a - b);
  const median = times[Math.floor(times.length / 2)]!;
  console.log(
    `${name.padEnd(14)} best ${times[0]!.toFixed(3)} s, median ${median.toFixed(3)} s, ` +
      `processor time here ${cpu.toFixed(3)} s`,
  );
  return median;
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

const medians: Record<string, number> = {};
for (const name of values.stores.split(",")) medians[name] = await measure(name);
if (medians.postgres !== undefined && medians.sqlite !== undefined) {
  console.log(`PostgreSQL / SQLite: ${(medians.postgres / medians.sqlite).toFixed(2)}`);
}
await Deno.remove(folder, { recursive: true });
