/**
 * Several SuperLinks on one PostgreSQL behind HAProxy, of which a random one is killed every 3 s, while another one is cut
 * off from the database, and the database is started again. Each run ends with all of its rounds, with each reply counted
 * once, and with the bits of a quiet run.
 *
 * FLWR_CHAOS_SEED is the seed of the choices, which is printed; FLWR_CHAOS_SECONDS says how long each nightly test
 * goes on (default: 900).
 */
import assert from "node:assert/strict";
import { NIGHTLY } from "../../support/nightly.ts";
import { hasPostgres } from "../../support/postgres.ts";
import { hasHaproxy } from "../../support/haproxy.ts";
import { assertSameRun, type RunResult } from "../../support/result.ts";
import { flowerScenario } from "../../interop/python_scenario.ts";
import { scenario } from "../../support/stage.ts";
import { disturb, type FaultPlan } from "./faults.ts";
import { Federation, type NodeKind } from "./federation.ts";
import { type PlannedRun, Runs } from "./runs.ts";

const SEED = Number(Deno.env.get("FLWR_CHAOS_SEED") ?? Math.floor(Math.random() * 2 ** 30));
const SECONDS = Number(Deno.env.get("FLWR_CHAOS_SECONDS") ?? 900);
/** Seconds that a run may take in which things go wrong. */
const RUN_SECONDS = 600;
const canRun = hasPostgres() && (hasHaproxy() || Deno.env.get("CI") !== undefined);

/** Plays runs at the same time while things go wrong, until all have ended. @returns also when the database crashed */
async function playDisturbed(
  federation: Federation,
  runs: Runs,
  planned: readonly PlannedRun[],
  plan: FaultPlan,
): Promise<{ results: RunResult[]; crashes: readonly number[] }> {
  const over = new AbortController();
  const faults = disturb(federation, plan, over.signal, console.log);
  const played = Promise.all(planned.map((run) => runs.play(run, RUN_SECONDS)));
  const faulty = faults.then(() => played);
  try {
    const results = await Promise.race([played, faulty]);
    over.abort();
    const counts = await faults;
    assert.ok(counts.kills + counts.cuts + counts.restarts > 0, "nothing went wrong in time");
    return { results, crashes: counts.crashes };
  } finally {
    over.abort();
    console.log(JSON.stringify(await faults));
  }
}

scenario("chaos: a run survives faults of two SuperLinks and their database", async (stage) => {
  console.log(`seed ${SEED}`);
  const nodes: NodeKind[] = ["ours-http", "ours-grpc"];
  await using federation = await Federation.start({ stage, superlinks: 2, nodes });
  using runs = await Runs.in(federation);
  const run: PlannedRun = { host: "by-hand", nodes: federation.nodes, rounds: 2 };
  const expected = await runs.play(run, RUN_SECONDS);
  const plan: FaultPlan = {
    ...{ seed: SEED, killSeconds: 2, maxKills: 2 },
    ...{ cutSeconds: 1, cutsAt: [0.3], restartsAt: [1] },
  };
  const { results: [result], crashes } = await playDisturbed(federation, runs, [run], plan);
  assertSameRun(result!, expected);
  assert.deepEqual(await federation.answeredTwice(crashes), []);
}, { ignore: !canRun });

const NODES: readonly NodeKind[] = [
  ...Array<NodeKind>(7).fill("ours-http"),
  ...Array<NodeKind>(7).fill("ours-grpc"),
  ...["1.9.0", "1.9.0", "1.38.0", "1.38.0", "1.41.0", "1.41.0"] as const,
];

/** The runs of a night, in which a SuperLink lives for 9 s on average. */
function nightRuns(
  { nodes }: Federation,
  serverApps: "superlinks" | "superexec",
): PlannedRun[] {
  const [ours, withOldest] = [nodes.slice(0, 14), nodes.slice(0, 16)];
  // Python's nodes of 1.38 and 1.41 take their app from the SuperLink, and start a process for each message. A round of
  // theirs takes longer than a SuperLink lives, and begins again with its ServerApp.
  const hosted: PlannedRun[] = serverApps === "superlinks"
    ? [
      { host: "superlink", nodes: ours.slice(0, 5), rounds: 3 },
      { host: "superlink", nodes: withOldest.slice(5), rounds: 2 },
      { host: "superlink", nodes: withOldest, rounds: 1 },
    ]
    : [
      { host: "superlink", nodes: ours.slice(0, 5), rounds: 3 },
      { host: "superlink", nodes, rounds: 2 },
      { host: "superlink", nodes: nodes.slice(14), rounds: 2 },
    ];
  return [
    { host: "by-hand", nodes: ours, rounds: 6 },
    { host: "by-hand", nodes: withOldest, rounds: 5 },
    ...hosted,
  ];
}

for (const serverApps of ["superlinks", "superexec"] as const) {
  flowerScenario(
    `chaos: five runs survive faults of three SuperLinks and their database (ServerApps: ${serverApps})`,
    async (stage, flowerOf) => {
      console.log(`seed ${SEED}`);
      await using federation = await Federation.start({
        ...{ stage, superlinks: 3, nodes: NODES, flowerOf, serverApps },
      });
      using runs = await Runs.in(federation);
      const planned = nightRuns(federation, serverApps);
      const expected: RunResult[] = [];
      for (const run of planned) expected.push(await runs.play(run, RUN_SECONDS));
      const crashes: number[] = [];
      const end = performance.now() + SECONDS * 1000;
      let turns = 0;
      for (; turns === 0 || performance.now() < end; turns++) {
        const plan = {
          seed: SEED + turns,
          killSeconds: 3,
          cutSeconds: 10,
          cutsAt: [5],
          restartsAt: [10, 25],
        };
        const { results, ...turned } = await playDisturbed(federation, runs, planned, plan);
        crashes.push(...turned.crashes);
        for (const [index, result] of results.entries()) assertSameRun(result, expected[index]!);
      }
      assert.deepEqual(await federation.answeredTwice(crashes), []);
      console.log(`${turns} turns, ${federation.answered} instructions answered`);
    },
    { seconds: SECONDS + RUN_SECONDS + 900, ignore: !NIGHTLY || !canRun },
  );
}
