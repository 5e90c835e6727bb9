/**
 * Flower's own end-to-end scenarios, played with our SuperLink or our nodes: reconnection, and the ServerApp's heartbeat.
 * Those named superlink and superlink-auth are the plays of `matrix.ts`. For the nightly run.
 */
import assert from "node:assert/strict";
import { makeCredentials } from "../support/credentials.ts";
import { eventually } from "../support/deadline.ts";
import {
  type Flower,
  FlowerCommand,
  flowerEnvironmentVariables,
  flowerNodeId,
  freeAddresses,
  startFlowerSuperLink,
  startFlowerSuperNode,
} from "../support/flower.ts";
import { joined, startFlwr, startSuperLink } from "../support/flwr.ts";
import { NIGHTLY } from "../support/nightly.ts";
import { OurCommand } from "../support/our_command.ts";
import { freePorts } from "../support/ports.ts";
import type { Process } from "../support/process.ts";
import { processesOf } from "../support/processes_of.ts";
import { assertSameRun } from "../support/result.ts";
import type { Stage } from "../support/stage.ts";
import { flowerScenario } from "./python_scenario.ts";
import { quickstartApp, quickstartConfig, quickstartReferences } from "./quickstart.ts";

/** How long a run may take on a busy machine, in seconds. */
const RUN_SECONDS = 180;
/** Seconds within which a run whose ServerApp was killed has failed: Flower allows itself a heartbeat's time. */
const FAIL_SECONDS = 60;
const OPTIONS = { seconds: 420, ignore: !NIGHTLY };

flowerScenario(
  "flwr 1.41: reconnection: our SuperLink is killed, then one of their nodes",
  async (stage, flowerOf) => {
    const flower = await flowerOf("1.41.0");
    const credentials = await makeCredentials(stage.folder.path, 2);
    const options = { stage, flower, credentials, security: "auth" } as const;
    const [port] = freePorts(1);
    const start = () =>
      startSuperLink({
        stage,
        credentials,
        flags: [
          ...["--port", String(port), "--database", stage.path("superlink.db")],
          ...["--python", flower.python],
        ],
        env: flowerEnvironmentVariables(stage, "superlink"),
      });
    let superlink = await start();
    const startNode = (node: number) =>
      startFlowerSuperNode({ ...options, superlink, node, partition: node - 1 });
    const [first, second] = [startNode(1), startNode(2)];
    const ids = [await flowerNodeId(first), await flowerNodeId(second)];
    await superlink.process.end("SIGKILL");
    superlink = await start();
    await first.end("SIGKILL");
    assert.equal(await flowerNodeId(startNode(1)), ids[0], "its key makes it the node that it was");
    const flwr = await FlowerCommand.at({ ...options, superlink });
    await runs(stage, flower, ids, (args) => flwr.start(args));
    assert.equal(second.status, undefined, "the other went on");
  },
  OPTIONS,
);

flowerScenario(
  "flwr 1.41: reconnection: their SuperLink is killed, then one of our nodes ends",
  async (stage, flowerOf) => {
    const flower = await flowerOf("1.41.0");
    const credentials = await makeCredentials(stage.folder.path, 2);
    const options = { stage, flower, credentials, security: "auth" } as const;
    const addresses = freeAddresses();
    const flags = ["--database", stage.path("superlink.db")];
    const superlink = await startFlowerSuperLink({ ...options, addresses, flags });
    const flwr = await OurCommand.at({ ...options, address: superlink.http });
    for (const node of [1, 2]) {
      const file = credentials.nodePublicKey(node);
      const register = flwr.start(["supernode", "register", file, "here"]);
      assert.equal((await register.ended(60)).code, 0);
    }
    const startNode = (node: number) =>
      startFlwr(stage, `supernode ${node}`, [
        ...["supernode", "--superlink", superlink.http, "--python", flower.python, "--port", "0"],
        ...["--node-config", `partition-id=${node - 1}`],
        ...credentials.supernodeFlags(node),
      ], flowerEnvironmentVariables(stage, `supernode-${node}`));
    const [first, second] = [startNode(1), startNode(2)];
    const ids = [await joined(first), await joined(second)];
    await superlink.process.end("SIGKILL");
    await startFlowerSuperLink({ ...options, addresses, flags });
    await first.end("SIGTERM");
    assert.equal(await joined(startNode(1)), ids[0], "its key makes it the node that it was");
    await runs(stage, flower, ids, (args) => flwr.start(args));
    assert.equal(second.status, undefined, "the other went on");
  },
  OPTIONS,
);

flowerScenario(
  "flwr 1.41: heartbeat: a run whose Python ServerApp was killed has failed",
  async (stage, flowerOf) => {
    const flower = await flowerOf("1.41.0");
    const credentials = await makeCredentials(stage.folder.path, 1);
    const options = { stage, flower, credentials, security: "insecure" } as const;
    const superlink = await startSuperLink({
      stage,
      flags: ["--python", flower.python],
      env: flowerEnvironmentVariables(stage, "superlink"),
    });
    const app = await quickstartApp(stage);
    const flwr = await FlowerCommand.at({ ...options, superlink });
    // There are no nodes: it waits for them.
    const started = flwr.start(["run", app, "here", "--format", "json"]);
    assert.equal((await started.ended(60)).code, 0);
    const runId: string = JSON.parse(started.stdoutLines.join("\n"))["run-id"];
    const serverApp = async () => {
      const processes = [...await processesOf(stage.path("home/superlink"))];
      return processes.find(([, line]) => line.includes("flwr-serverapp"))?.[0];
    };
    const statusOf = async () => {
      const list = flwr.start(["ls", "here", "--run-id", runId, "--format", "json"]);
      assert.equal((await list.ended(60)).code, 0);
      return JSON.parse(list.stdoutLines.join("\n")).runs[0].status;
    };
    await eventually(async () => await serverApp() !== undefined, 60, "the ServerApp to start");
    await eventually(async () => await statusOf() === "running", 60, "the run to begin");
    Deno.kill((await serverApp())!, "SIGKILL");
    await eventually(
      async () => await statusOf() === "finished:failed",
      FAIL_SECONDS,
      "the run to have failed",
    );
    // The SuperLink goes on: the next run has its turn.
    const next = flwr.start(["run", app, "here", "--format", "json"]);
    assert.equal((await next.ended(60)).code, 0);
  },
  OPTIONS,
);

/** A run of the quickstart app on two nodes comes to what it must. */
async function runs(
  stage: Stage,
  flower: Flower,
  nodes: readonly string[],
  start: (args: readonly string[]) => Process,
): Promise<void> {
  const app = await quickstartApp(stage);
  const result = stage.path("result.json");
  const config = quickstartConfig({ nodes, result });
  const run = start(["run", app, "here", "--stream", "-c", config]);
  assert.equal((await run.ended(RUN_SECONDS)).code, 0);
  const references = await quickstartReferences(stage, flower, { app, selections: ["0,1"] });
  assertSameRun(JSON.parse(await Deno.readTextFile(result)), references.get("0,1")!);
}
