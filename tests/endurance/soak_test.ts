/**
 * A thousand real rounds with 20 SuperNodes: processes, TLS, keys, a database. Memory of the SuperLink and of the nodes does
 * not grow after the fiftieth round, and the database stays as large as it is then.
 *
 * FLWR_SOAK_ROUNDS says how many rounds (nightly: 1,000). Without it and not at night, this is not run.
 */
import assert from "node:assert/strict";
import { makeCredentials } from "../support/credentials.ts";
import { joined, startServerApp, startSuperLink, startSuperNode } from "../support/flwr.ts";
import { NIGHTLY } from "../support/nightly.ts";
import { scenario } from "../support/stage.ts";
import { residentMib, slope } from "./memory.ts";

const ROUNDS = Number(Deno.env.get("FLWR_SOAK_ROUNDS") ?? (NIGHTLY ? 1000 : 0));
const NODES = 20;
/** Rounds until caches are full and code is compiled. */
const WARM_UP = Math.min(50, Math.floor(ROUNDS / 4));
/** Rounds between two readings. */
const EVERY = Math.max(1, Math.floor(ROUNDS / 100));
/** What a process may gain per thousand rounds, in MiB: a heap is not read at the same point of its life each time. */
const MAX_GAIN_MIB = 30;

scenario(`endurance: ${ROUNDS} rounds with ${NODES} SuperNodes`, async (stage) => {
  const credentials = await makeCredentials(stage.folder.path, NODES);
  const database = stage.path("link.db");
  const { driver, fleet, process: superlink } = await startSuperLink({
    stage,
    credentials,
    flags: ["--database", database],
  });
  const nodes = Array.from(
    { length: NODES },
    (_, i) => startSuperNode({ stage, credentials, fleet, node: i + 1, partition: i % 2 }),
  );
  for (const node of nodes) await joined(node);
  const result = stage.path("result.json");
  const run = startServerApp({ stage, credentials, driver, result, rounds: ROUNDS });
  const [link, node, file]: [number[], number[], number[]] = [[], [], []];
  for (let round = 1; round <= ROUNDS; round++) {
    await run.waitForLine(new RegExp(`ROUND ${round}/`), 120);
    if (round <= WARM_UP || round % EVERY !== 0) continue;
    link.push(await residentMib(superlink.pid));
    node.push(await residentMib(nodes[0]!.pid));
    file.push((await Deno.stat(database)).size / 2 ** 20);
  }
  assert.equal((await run.ended(120)).code, 0);
  const gain = (values: readonly number[]) => slope(values) / EVERY * 1000;
  const shown = (values: readonly number[]) =>
    `${values[0]!.toFixed(1)} … ${values.at(-1)!.toFixed(1)} MiB, ` +
    `${gain(values).toFixed(1)} MiB in a thousand rounds`;
  console.log(`SuperLink ${shown(link)}; SuperNode ${shown(node)}; database ${shown(file)}`);
  assert.ok(gain(link) < MAX_GAIN_MIB, `the SuperLink gains ${gain(link)} MiB`);
  assert.ok(gain(node) < MAX_GAIN_MIB, `the SuperNode gains ${gain(node)} MiB`);
  assert.ok(gain(file) < MAX_GAIN_MIB, `the database gains ${gain(file)} MiB`);
}, { seconds: 300 + 5 * ROUNDS, ignore: ROUNDS === 0 || Deno.build.os !== "linux" });
