/**
 * Flower 1.41's own way of working with our SuperLink: a numpy app is submitted with Python's `flwr run`, its ServerApp is
 * a Python process, one SuperNode is Python's and one is ours.
 */
import { RUN_CHECK_SECONDS } from "../../roles/supernode/runs/watch_run.ts";
import assert from "node:assert/strict";
import { makeCredentials } from "../support/credentials.ts";
import { eventually } from "../support/deadline.ts";
import {
  FlowerCommand,
  flowerEnvironmentVariables,
  flowerNodeId,
  type FlowerOptions,
  startFlowerSuperNode,
} from "../support/flower.ts";
import { joined, startFlwr, startSuperLink } from "../support/flwr.ts";
import { processesOf } from "../support/processes_of.ts";
import { assertSameRun } from "../support/result.ts";
import { flowerScenario } from "./python_scenario.ts";
import { quickstartApp, quickstartConfig, quickstartReferences } from "./quickstart.ts";

/** How long a stopped run may live on at the SuperLink on a busy machine, in seconds. */
const STOP_SECONDS = 20;
/** How long a node may take to notice, in seconds: nothing tells it, it asks now and then. */
const NOTICE_SECONDS = RUN_CHECK_SECONDS + STOP_SECONDS;

flowerScenario(
  "flwr 1.41: a quickstart app is submitted, shown, and stopped",
  async (stage, flowerOf) => {
    const flower = await flowerOf("1.41.0");
    const app = await quickstartApp(stage);
    const expected = quickstartReferences(stage, flower, { app, selections: ["0,1"] });
    const credentials = await makeCredentials(stage.folder.path);
    const options: FlowerOptions = { stage, flower, credentials, security: "auth" };
    const superlink = await startSuperLink({
      stage,
      credentials,
      flags: ["--python", flower.python],
      env: flowerEnvironmentVariables(stage, "superlink"),
    });
    const theirs = startFlowerSuperNode({ ...options, superlink, node: 1, partition: 0 });
    const ours = startFlwr(stage, "supernode", [
      ...["supernode", "--superlink", superlink.http, "--python", flower.python],
      ...["--root-certificates", credentials.caCertificate],
      ...["--auth-supernode-private-key", credentials.nodePrivateKey(2)],
      ...["--node-config", "partition-id=1", "--port", "0"],
    ], flowerEnvironmentVariables(stage, "supernode"));
    const nodes = [await flowerNodeId(theirs), await joined(ours)];

    // finishes, and its log streams
    const flwr = await FlowerCommand.at({ ...options, superlink });
    const result = stage.path("result.json");
    const run = flwr.start([
      "run",
      app,
      "here",
      "--stream",
      "-c",
      quickstartConfig({ nodes, result }),
    ]);
    const [, runId] = await run.waitForLine(/Successfully started run (\d+)/);
    await run.waitForLine(/FINAL after 1 rounds/, 60);
    assert.equal((await run.ended(30)).code, 0);
    assertSameRun(JSON.parse(await Deno.readTextFile(result)), (await expected).get("0,1")!);

    // is shown
    const list = flwr.start(["ls", "here", "--format", "json"]);
    const log = flwr.start(["log", runId!, "here", "--show"]);
    assert.equal((await list.ended(30)).code, 0);
    assert.equal((await log.ended(30)).code, 0);
    const [shown] = JSON.parse(list.stdoutLines.join("\n")).runs;
    assert.deepEqual(
      { id: shown["run-id"], status: shown.status, app: shown["fab-id"] },
      { id: runId, status: "finished:completed", app: "tests/quickstart" },
    );
    assert.match(log.stdoutLines.join("\n"), /FINAL after 1 rounds/);

    // is stopped while it trains
    const long = quickstartConfig({ nodes, result, rounds: 50, trainSeconds: 60 });
    const started = flwr.start(["run", app, "here", "--format", "json", "-c", long]);
    assert.equal((await started.ended(30)).code, 0);
    const stoppedId = JSON.parse(started.stdoutLines.join("\n"))["run-id"];
    const running = async (program: string, home: string) => {
      const lines = [...(await processesOf(stage.path(`home/${home}`))).values()];
      return lines.filter((line) => line.includes(program)).length;
    };
    const bothTrain = async () => await running("flwr-clientapp", "") === 2;
    await eventually(bothTrain, 60, "both nodes to train");
    const stop = flwr.start(["stop", stoppedId, "here"]);
    assert.equal((await stop.ended(30)).code, 0);
    const noServerApp = async () => await running("flwr-serverapp", "superlink") === 0;
    await eventually(noServerApp, STOP_SECONDS, "the ServerApp's process to end");
    const noClientApp = async () => await running("flwr-clientapp", "supernode") === 0;
    await eventually(noClientApp, NOTICE_SECONDS, "our node's ClientApp to end");
    const after = flwr.start(["ls", "here", "--run-id", stoppedId, "--format", "json"]);
    assert.equal((await after.ended(30)).code, 0);
    assert.equal(JSON.parse(after.stdoutLines.join("\n")).runs[0].status, "finished:stopped");
  },
  { seconds: 240 },
);
