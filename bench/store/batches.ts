/**
 * Measures what heartbeats and signatures of many nodes cost PostgreSQL when they share a transaction, and how large
 * their rows are: `deno run -A bench/store/batches.ts [--nodes N] [--turns N]`
 *
 * PostgreSQL is the server of the tests, with fsync. Prints milliseconds of a transaction, best and median.
 */
import { parseArgs } from "node:util";
import { systemClock } from "../../base/clock.ts";
import { systemRandom } from "../../base/random.ts";
import { PostgresStore } from "../../link/store/postgres/postgres_store.ts";
import { nodeRecord } from "../../link/testing/records.ts";
import { asOwner, postgresServer, queryAsOwner } from "../../tests/support/postgres.ts";
import { median } from "../support/statistics.ts";
import { stopwatch } from "../support/stopwatch.ts";

/** Bytes of a P-256 key as the table has it. */
const KEY_BYTES = 91;
const SIZES = [1, 10, 100, 1000];

const { values } = parseArgs({
  options: {
    nodes: { type: "string", default: "20000" },
    turns: { type: "string", default: "15" },
  },
});
const [count, turns] = [Number(values.nodes), Number(values.turns)];
const server = await postgresServer("fsync = on");
await asOwner(server, "CREATE SCHEMA batches");
const store = await PostgresStore.open({ ...server, schema: "batches" });

const randomBytes = (length: number) => crypto.getRandomValues(new Uint8Array(length));
const signature = () => ({
  peer: `SHA256:${randomBytes(32).toBase64({ omitPadding: true })}`,
  nonce: randomBytes(16).toHex(),
  until: systemClock.now(),
});
const nodes = Array.from({ length: count }, () => {
  const dueAt = systemClock.now();
  const nodeId = systemRandom.uint64();
  return nodeRecord({ nodeId, publicKey: randomBytes(KEY_BYTES), dueAt, wire: "current" });
});

async function bytesPerRow(table: string): Promise<number> {
  const sql = "SELECT pg_total_relation_size(($1)::regclass)::float8 AS bytes";
  const [row] = await queryAsOwner(server, sql, [`batches.${table}`]);
  return Number(row!.bytes) / count;
}

async function measure(name: string, work: (items: number) => Promise<unknown>): Promise<void> {
  for (const size of SIZES) {
    const milliseconds: number[] = [];
    for (let turn = 0; turn < turns; turn++) {
      const seconds = stopwatch();
      await work(size);
      milliseconds.push(seconds() * 1000);
    }
    const [best, middle] = [Math.min(...milliseconds), median(milliseconds)];
    console.log(`${size} ${name}: ${best.toFixed(2)} ms, median ${middle.toFixed(2)} ms`);
  }
}

console.log(`load average before: ${Deno.loadavg()[0]!.toFixed(1)}`);
await store.signatures.add(Array.from({ length: count }, signature));
await store.transaction("relaxed", (tx) => tx.nodes.putAll(nodes));
console.log(
  `bytes of a signature with its indices: ${(await bytesPerRow("signature")).toFixed(0)}`,
);
await measure("heartbeats", async (size) => {
  const first = Math.floor(Math.random() * (count - size));
  const ids = nodes.slice(first, first + size).map(({ nodeId }) => nodeId);
  await store.transaction("relaxed", async (tx) => {
    const found = await tx.nodes.withIds(ids);
    await tx.nodes.putAll(found.map((node) => {
      const onlineUntil = node.onlineUntil + 30;
      return { ...node, onlineUntil, dueAt: onlineUntil };
    }));
  });
});
console.log(`bytes of a node with its indices: ${(await bytesPerRow("node")).toFixed(0)}`);
await measure(
  "signatures",
  (size) => store.signatures.add(Array.from({ length: size }, signature)),
);
await store.close();
