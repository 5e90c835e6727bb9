/** Nodes and the `flwr` command of one version of Flower, at our SuperLink, for versions that are not there together. */
import assert from "node:assert/strict";
import { makeCredentials, securedBy, type Security } from "../support/credentials.ts";
import {
  type Flower,
  FlowerCommand,
  flowerEnvironmentVariables,
  flowerNodeId,
  FlowerWays,
  startFlowerSuperNode,
} from "../support/flower.ts";
import { joined, startSuperLink, startSuperNode } from "../support/flwr.ts";
import { NIGHTLY } from "../support/nightly.ts";
import { FLOWER_VERSIONS } from "../support/python.ts";
import { assertSameRun, type RunResult } from "../support/result.ts";
import type { Stage } from "../support/stage.ts";
import { GENERATIONS, isEveryDay, SECURITIES } from "./matrix.ts";
import { flowerScenario } from "./python_scenario.ts";
import {
  NUMPYCLIENT_ROUNDS,
  numpyclientReference,
  pythonApp,
  quickstartConfig,
  quickstartReferences,
} from "./quickstart.ts";

/** How long a run may take beside two others on a busy machine, in seconds. */
const RUN_SECONDS = 180;
/** How long a command of theirs may take while nodes start beside it, in seconds. */
const START_SECONDS = 60;
for (const version of FLOWER_VERSIONS.filter((version) => !GENERATIONS.includes(version))) {
  for (const security of SECURITIES) {
    flowerScenario(
      `flwr ${version}: its nodes and its flwr at our SuperLink, secured by ${security}`,
      async (stage, flowerOf) => {
        const [flower, today] = [await flowerOf(version), await flowerOf("1.41.0")];
        await play(stage, { flower, today, security });
      },
      {
        seconds: 300,
        ignore: !NIGHTLY && !isEveryDay({ superlink: "ours", security, guests: version }),
      },
    );
  }
}

/**
 * Runs apps that the version's own `flwr` submits: the one with NumPyClient on two of its nodes, the quickstart app on one
 * of its nodes and one of ours, and at night the quickstart app on its two nodes. Each must come to the bits of Flower's
 * own arithmetic.
 *
 * @param today runs the ServerApps, and computes what is expected
 */
async function play(
  stage: Stage,
  { flower, today, security }: { flower: Flower; today: Flower; security: Security },
): Promise<void> {
  const [quickstart, numpyclient] = await Promise.all([
    pythonApp(stage, "quickstart"),
    pythonApp(stage, "numpyclient"),
  ]);
  const expected = quickstartReferences(stage, today, { app: quickstart, selections: ["0,1"] });
  const rounds = NUMPYCLIENT_ROUNDS;
  const older = numpyclientReference(stage, today, { app: numpyclient, rounds, partitions: "0,1" });
  const credentials = await makeCredentials(stage.folder.path, 3);
  const ways = new FlowerWays(flower.version);
  await credentials.listOnly(ways.registersNodes ? [3] : [1, 2, 3]);
  const secured = securedBy(security, credentials);
  const superlink = await startSuperLink({
    stage,
    credentials: secured,
    flags: ["--python", today.python],
    env: flowerEnvironmentVariables(stage, "superlink"),
  });
  const options = { stage, flower, security, credentials, superlink };
  const flwr = await FlowerCommand.at(options);
  for (const app of [quickstart, numpyclient]) await flwr.nameIn(app);
  const start = async (partition: number) => {
    const node = partition + 1;
    if (security === "auth" && ways.registersNodes) {
      const file = credentials.nodePublicKey(node);
      const register = flwr.start(["supernode", "register", file, "here"]);
      assert.equal((await register.ended(START_SECONDS)).code, 0);
    }
    const supernode = startFlowerSuperNode({ ...options, node, partition });
    if (ways.registersNodes) return await flowerNodeId(supernode);
    const { fields } = await superlink.process.waitForEvent("node-joined", {}, START_SECONDS);
    return String(fields["nodeId"]);
  };
  // one after the other, because the SuperLink's lines do not say which is which
  const early = ways.registersNodes ? [] : [await start(0), await start(1)];
  const fleet = superlink.http;
  const ours = startSuperNode({ stage, credentials: secured, fleet, node: 3, partition: 0 });
  const [first, second, own] = await Promise.all([
    early[0] ?? start(0),
    early[1] ?? start(1),
    joined(ours),
  ]);

  const run = async (app: string, nodes: string[], rounds: number): Promise<RunResult> => {
    const result = stage.path(`result-${nodes.join("-")}-${rounds}.json`);
    const config = quickstartConfig({ nodes, result, rounds });
    const process = flwr.start(["run", app, "here", "--stream", "-c", config]);
    assert.equal((await process.ended(RUN_SECONDS)).code, 0);
    assert.ok(process.lines.some((line) => line.includes(`FINAL after ${rounds} rounds`)));
    return JSON.parse(await Deno.readTextFile(result));
  };
  const outcomes = await Promise.all([
    run(numpyclient, [first, second], rounds),
    run(quickstart, [own, second], 1),
    ...(NIGHTLY ? [run(quickstart, [first, second], 1)] : []),
  ]);
  const [numpyclientOutcome, ...quickstartOutcomes] = outcomes;
  assertSameRun(numpyclientOutcome!, await older);
  for (const outcome of quickstartOutcomes) {
    assertSameRun(outcome, (await expected).get("0,1")!);
  }
}
