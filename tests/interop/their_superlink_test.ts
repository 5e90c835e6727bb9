/**
 * SuperLinks of the real Flower with our nodes and our `flwr` command. One of our nodes answers with a ClientApp of its own
 * in TypeScript, the other runs the ClientApp that the run brings, in Python. There are two runs: of an app on today's
 * API, and of one with NumPyClient, which by day only today's SuperLink runs.
 */
import assert from "node:assert/strict";
import { type Credentials, makeCredentials, securedBy } from "../support/credentials.ts";
import {
  type Flower,
  flowerEnvironmentVariables,
  FlowerWays,
  startFlowerSuperLink,
} from "../support/flower.ts";
import { joined, startFlwr, startSuperNode } from "../support/flwr.ts";
import { NIGHTLY } from "../support/nightly.ts";
import { OurCommand } from "../support/our_command.ts";
import { startPeerServerApp, startPeerSuperLink } from "../support/peer.ts";
import { assertSameRun, type RunResult, runResult } from "../support/result.ts";
import type { Stage } from "../support/stage.ts";
import { CELLS, isEveryDay, type Play, playOf, SECURITIES } from "./matrix.ts";
import { flowerScenario } from "./python_scenario.ts";
import {
  NUMPYCLIENT_ROUNDS,
  numpyclientReference,
  pythonApp,
  quickstartConfig,
  quickstartReferences,
} from "./quickstart.ts";
import { pythonRun } from "./reference_run.ts";

/** How long a run may take on a busy machine, in seconds. */
const RUN_SECONDS = 120;

for (const superlink of new Set(CELLS.map(playOf).map(({ superlink }) => superlink))) {
  if (superlink === "ours") continue;
  for (const security of SECURITIES) {
    const play: Play = { superlink, security };
    flowerScenario(
      `flwr ${superlink}: our nodes at their SuperLink, secured by ${security}`,
      async (stage, flowerOf) => {
        const flower = await flowerOf(superlink);
        const credentials = await makeCredentials(stage.folder.path);
        if (superlink === "1.9.0") await playOld(stage, flower, credentials, play);
        else await playToday(stage, flower, await flowerOf("1.41.0"), credentials, play);
      },
      { seconds: 240, ignore: !NIGHTLY && !isEveryDay(play) },
    );
  }
}

async function playToday(
  stage: Stage,
  flower: Flower,
  today: Flower,
  credentials: Credentials,
  { superlink: version, security }: Play,
): Promise<void> {
  const [app, older] = [
    await pythonApp(stage, "quickstart"),
    await pythonApp(stage, "numpyclient"),
  ];
  const ways = new FlowerWays(flower.version);
  const references = quickstartReferences(stage, today, { app, selections: ["0,1"] });
  const rounds = NUMPYCLIENT_ROUNDS;
  // By day, today's SuperLink alone runs both apps.
  const runsOlder = NIGHTLY || version === today.version || !ways.hasStrategiesOfToday;
  const expected = runsOlder
    ? numpyclientReference(stage, today, { app: older, rounds, partitions: "0,1" })
    : undefined;
  const options = { stage, flower, credentials, security };
  const superlink = await startFlowerSuperLink(options);
  const flwr = await OurCommand.at({ ...options, address: ways.controlOf(superlink) });
  if (security === "auth" && ways.registersNodes) {
    for (const node of [1, 2]) {
      const file = credentials.nodePublicKey(node);
      const register = flwr.start(["supernode", "register", file, "here"]);
      assert.equal((await register.ended(30)).code, 0);
    }
  }
  const secured = securedBy(security, credentials);
  const nodes = await joinOurs(stage, ways.fleetOf(superlink), secured, today);

  const run = async (app: string, rounds: number): Promise<RunResult> => {
    const result = stage.path(`result-${rounds}.json`);
    const config = quickstartConfig({ nodes, result, rounds });
    const process = flwr.start(["run", app, "here", "--stream", "-c", config]);
    assert.equal((await process.ended(RUN_SECONDS)).code, 0);
    const streams = process.lines.some((line) => line.includes(`FINAL after ${rounds} rounds`));
    assert.ok(streams, "its log streams");
    return JSON.parse(await Deno.readTextFile(result));
  };
  const [outcome, olderOutcome] = await Promise.all([
    ways.hasStrategiesOfToday ? run(app, 1) : undefined,
    runsOlder ? run(older, rounds) : undefined,
  ]);
  if (outcome !== undefined) assertSameRun(outcome, (await references).get("0,1")!);
  else await references;
  if (olderOutcome !== undefined) assertSameRun(olderOutcome, (await expected)!);

  const list = flwr.start(["ls", "here", "--format", "json"]);
  assert.equal((await list.ended(30)).code, 0);
  const { runs } = JSON.parse(list.stdoutLines.join("\n"));
  assert.deepEqual(
    runs.map((run: Record<string, string>) => `${run["fab-id"]} ${run.status}`).sort(),
    [
      ...(olderOutcome === undefined ? [] : ["tests/numpyclient finished:completed"]),
      ...(outcome === undefined ? [] : ["tests/quickstart finished:completed"]),
    ],
  );
}

/** Starts two nodes of ours: one with its own app in TypeScript, one that runs what comes, in Python. */
async function joinOurs(
  stage: Stage,
  fleet: string,
  credentials: Credentials | undefined,
  today: Flower,
): Promise<string[]> {
  const own = startSuperNode({ stage, credentials, fleet, node: 1 });
  const brought = startFlwr(stage, "supernode 2", [
    ...["supernode", "--superlink", fleet, "--python", today.python, "--port", "0"],
    ...["--node-config", "partition-id=1"],
    ...(credentials?.supernodeFlags(2) ?? ["--insecure"]),
  ], flowerEnvironmentVariables(stage, "supernode"));
  return await Promise.all([own, brought].map(joined));
}

async function playOld(
  stage: Stage,
  { python }: Flower,
  all: Credentials,
  { security }: Play,
): Promise<void> {
  const credentials = securedBy(security, all);
  // like the runs of today's Flower
  const rounds = 1;
  const expected = await pythonRun(stage, python, credentials, rounds);
  const { driver, fleet } = await startPeerSuperLink({ stage, python, credentials });
  for (const node of [1, 2]) await joined(startSuperNode({ stage, credentials, fleet, node }));
  const result = stage.path("result.json");
  const run = startPeerServerApp({ stage, python, credentials, driver, result, rounds });
  assertSameRun(await runResult(run, result), expected);
}
