/**
 * A thousand real rounds with 20 SuperNodes: processes, TLS, keys, a database. What lives in the SuperLink's heap does not grow
 * in the second half, the database and the nodes do not grow after the fiftieth round, and resident memory stays below a
 * bound.
 *
 * Resident memory has no slope that a test could hold: it goes up and down by 100 MiB with what malloc and V8 keep of the
 * bodies that have passed.
 *
 * FLWR_SOAK_ROUNDS says how many rounds (nightly: 1,000). Without it and not at night, this is not run.
 */
import assert from "node:assert/strict";
import { makeCredentials } from "../support/credentials.ts";
import { eventually } from "../support/deadline.ts";
import { joined, startServerApp, startSuperLink, startSuperNode } from "../support/flwr.ts";
import { NIGHTLY } from "../support/nightly.ts";
import type { Process } from "../support/process.ts";
import { repositoryPath } from "../support/repository.ts";
import { scenario } from "../support/stage.ts";
import { residentMib, slope } from "./memory.ts";

const ROUNDS = Number(Deno.env.get("FLWR_SOAK_ROUNDS") ?? (NIGHTLY ? 1000 : 0));
const NODES = 20;
/** Rounds until caches are full and code is compiled. */
const WARM_UP = Math.min(50, Math.floor(ROUNDS / 4));
/** Rounds between two readings. */
const EVERY = Math.max(1, Math.floor(ROUNDS / 100));
/** Rounds from which on the slopes below are held: over fewer, one reading more or less decides them. */
const SLOPE_ROUNDS = 500;
/**
 * What the SuperLink's live heap may gain per thousand rounds, in MiB, in the second half: its caches are full then, and it
 * forgets as many signatures as it remembers new ones. 8 kB a round would be a leak.
 */
const MAX_HEAP_GAIN_MIB = 8;
/** What a node's resident memory and the database may gain per thousand rounds, in MiB. */
const MAX_GAIN_MIB = 30;
/** What the SuperLink may take at any reading, in MiB. */
const MAX_RESIDENT_MIB = 400;

scenario(`endurance: ${ROUNDS} rounds with ${NODES} SuperNodes`, async (stage) => {
  const credentials = await makeCredentials(stage.folder.path, NODES);
  const database = stage.path("link.db");
  const { driver, fleet, process: superlink } = await startSuperLink({
    stage,
    credentials,
    flags: ["--database", database],
    env: { DENO_V8_FLAGS: "--expose-gc" },
    root: repositoryPath("tests/endurance/live_heap"),
  });
  const nodes = Array.from(
    { length: NODES },
    (_, i) => startSuperNode({ stage, credentials, fleet, node: i + 1, partition: i % 2 }),
  );
  for (const node of nodes) await joined(node);
  const result = stage.path("result.json");
  const run = startServerApp({ stage, credentials, driver, result, rounds: ROUNDS });
  const link: number[] = [], heap: number[] = [], node: number[] = [], file: number[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    await run.waitForLine(new RegExp(`Configuring round ${round}$`), 120);
    if (round <= WARM_UP || round % EVERY !== 0) continue;
    link.push(await residentMib(superlink.pid));
    heap.push(await liveHeapMib(superlink, heap.length + 1));
    node.push(await residentMib(nodes[0]!.pid));
    file.push((await Deno.stat(database)).size / 2 ** 20);
  }
  assert.equal((await run.ended(120)).code, 0);
  const gain = (values: readonly number[]) => slope(values) / EVERY * 1000;
  const shown = (values: readonly number[]) =>
    `${values[0]!.toFixed(1)} … ${values.at(-1)!.toFixed(1)} MiB, ` +
    `${gain(values).toFixed(1)} MiB in a thousand rounds`;
  const late = gain(heap.slice(heap.length / 2));
  console.log(
    `SuperLink ${shown(link)}, at most ${Math.max(...link).toFixed(0)} MiB; ` +
      `its live heap ${shown(heap)}, ${late.toFixed(1)} in its second half; ` +
      `SuperNode ${shown(node)}; database ${shown(file)}`,
  );
  assert.ok(Math.max(...link) < MAX_RESIDENT_MIB, `the SuperLink takes ${Math.max(...link)} MiB`);
  if (ROUNDS < SLOPE_ROUNDS) return;
  assert.ok(late < MAX_HEAP_GAIN_MIB, `the SuperLink's live heap gains ${late} MiB`);
  assert.ok(gain(node) < MAX_GAIN_MIB, `the SuperNode gains ${gain(node)} MiB`);
  assert.ok(gain(file) < MAX_GAIN_MIB, `the database gains ${gain(file)} MiB`);
}, { seconds: 300 + 5 * ROUNDS, ignore: ROUNDS === 0 || Deno.build.os !== "linux" });

/**
 * What a process of `live_heap/main.ts` holds in its heap after a collection, in MiB.
 *
 * @param reading the how many-th reading of this process, from 1
 */
async function liveHeapMib(process: Process, reading: number): Promise<number> {
  const readings = () => process.lines.filter((line) => line.startsWith('{"heapUsed":'));
  Deno.kill(process.pid, "SIGUSR1");
  const line = await eventually(() => readings()[reading - 1], 60, "a reading of the heap");
  return JSON.parse(line).heapUsed / 2 ** 20;
}
