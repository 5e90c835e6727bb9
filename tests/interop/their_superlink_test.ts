/**
 * SuperLinks of the real Flower with our nodes and our `flwr` command. One of our nodes answers with a ClientApp of its own
 * in TypeScript, the other runs the ClientApp that the run brings, in Python.
 */
import assert from "node:assert/strict";
import { type Credentials, makeCredentials, securedBy } from "../support/credentials.ts";
import {
  type Flower,
  flowerEnvironmentVariables,
  startFlowerSuperLink,
} from "../support/flower.ts";
import { joined, startFlwr, startSuperNode } from "../support/flwr.ts";
import { NIGHTLY } from "../support/nightly.ts";
import { OurCommand } from "../support/our_command.ts";
import { startPeerServerApp, startPeerSuperLink } from "../support/peer.ts";
import { assertSameRun, runResult } from "../support/result.ts";
import type { Stage } from "../support/stage.ts";
import { isEveryDay, type Play, SECURITIES } from "./matrix.ts";
import { flowerScenario } from "./python_scenario.ts";
import { quickstartApp, quickstartConfig, quickstartReferences } from "./quickstart.ts";
import { pythonRun } from "./reference_run.ts";

/** How long a run may take on a busy machine, in seconds. */
const RUN_SECONDS = 120;

for (const superlink of ["1.38.0", "1.41.0", "1.9.0"] as const) {
  for (const security of SECURITIES) {
    const play: Play = { superlink, security };
    flowerScenario(
      `flwr ${superlink}: our nodes at their SuperLink, secured by ${security}`,
      async (stage, flowerOf) => {
        const flower = await flowerOf(superlink);
        const credentials = await makeCredentials(stage.folder.path);
        if (superlink === "1.9.0") await playOld(stage, flower, credentials, play);
        else await playToday(stage, flower, credentials, play);
      },
      { seconds: 240, ignore: !NIGHTLY && !isEveryDay(play) },
    );
  }
}

async function playToday(
  stage: Stage,
  flower: Flower,
  credentials: Credentials,
  { security }: Play,
): Promise<void> {
  const app = await quickstartApp(stage);
  const references = quickstartReferences(stage, flower, { app, selections: ["0,1"] });
  const options = { stage, flower, credentials, security };
  const superlink = await startFlowerSuperLink(options);
  const flwr = await OurCommand.at({ ...options, http: superlink.http });
  if (security === "auth") {
    for (const node of [1, 2]) {
      const file = credentials.nodePublicKey(node);
      const register = flwr.start(["supernode", "register", file, "here"]);
      assert.equal((await register.ended(30)).code, 0);
    }
  }
  const secured = securedBy(security, credentials);
  // 1.41 serves nodes over HTTP alone
  const fleet = flower.version === "1.41.0" ? superlink.http : superlink.fleet;
  const own = startSuperNode({ stage, credentials: secured, fleet, node: 1 });
  const brought = startFlwr(stage, "supernode 2", [
    ...["supernode", "--superlink", fleet, "--python", flower.python, "--port", "0"],
    ...["--node-config", "partition-id=1"],
    ...(secured?.supernodeFlags(2) ?? ["--insecure"]),
  ], flowerEnvironmentVariables(stage, "supernode"));
  const nodes = await Promise.all([own, brought].map(joined));

  const result = stage.path("result.json");
  const config = quickstartConfig({ nodes, result });
  const run = flwr.start(["run", app, "here", "--stream", "-c", config]);
  assert.equal((await run.ended(RUN_SECONDS)).code, 0);
  assert.ok(run.lines.some((line) => line.includes("FINAL after 1 rounds")), "its log streams");
  assertSameRun(
    JSON.parse(await Deno.readTextFile(result)),
    (await references).get("0,1")!,
  );

  const list = flwr.start(["ls", "here", "--format", "json"]);
  assert.equal((await list.ended(30)).code, 0);
  const [shown] = JSON.parse(list.stdoutLines.join("\n")).runs;
  assert.deepEqual([shown["fab-id"], shown.status], ["tests/quickstart", "finished:completed"]);
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
