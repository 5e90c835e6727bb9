import { makeApp } from "../support/make_app.ts";
import { startFlwr, startSuperLink } from "../support/flwr.ts";
import type { Process } from "../support/process.ts";
import type { Stage } from "../support/stage.ts";

/** A name of a node that would run a script in a page that took it for markup. */
export const HOSTILE_NAME = "<img src=x onerror=globalThis.hacked=1>";

/** A line of a log with markup, a terminal's colours and a character that reverses the reading order. */
export const HOSTILE_LINE =
  "<script>globalThis.hacked=1</script>\u001b[31mred\u001b[0m \u202egnp.exe & <b>bold</b>";

const SERVER = `
import { ArrayRecord, FedAvg, ServerApp, tensor } from "flwr";
export const app = new ServerApp().main(async (grid, { runConfig, artifacts }) => {
  console.log(${JSON.stringify(HOSTILE_LINE)});
  const nodes = runConfig.number("nodes");
  const strategy = new FedAvg({ minTrainNodes: nodes, minEvaluateNodes: nodes, minAvailableNodes: nodes });
  const { arrays } = await strategy.start(grid, {
    numRounds: runConfig.number("num-rounds"),
    initialArrays: ArrayRecord.fromTensors({ w: tensor("float32", [2], new Float32Array(2)) }),
  });
  await artifacts.save("model.npz", arrays);
});`;

const CLIENT = `
import { ClientApp, MetricRecord } from "flwr";
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const numbers = (context, round) => {
  const id = context.nodeConfig.number("partition-id", 0);
  const spread = 0.12 * Math.sin(1.7 * round + 2.3 * id) / Math.sqrt(round);
  return { loss: 2.2 * Math.exp(-0.18 * round) + 0.25 + 0.1 * id * Math.exp(-0.1 * round) + spread / 2,
    accuracy: 0.93 - 0.8 * Math.exp(-0.22 * round) - 0.03 * id + spread / 3 };
};
let trained = 0;
export const app = new ClientApp()
  .train(async ({ content }, context) => {
    const round = ++trained;
    await pause(context.runConfig.number("pause-ms") * context.nodeConfig.number("slowness", 1));
    if (context.nodeConfig.number("fails-in", 0) === round) {
      throw new Error("CUDA out of memory. Tried to allocate 2.40 GiB");
    }
    const { loss } = numbers(context, round);
    return { arrays: content.arrayRecord("arrays"), metrics: new MetricRecord({ "num-examples": 100, loss }) };
  })
  .evaluate(async (_message, context) => {
    await pause(context.runConfig.number("pause-ms") * 0.3);
    return { metrics: new MetricRecord({ "num-examples": 20, ...numbers(context, Math.max(1, trained)) }) };
  });`;

/** A federation that a dashboard shows. */
export interface Scene {
  readonly superlink: Process;
  readonly http: string;
  /** What the SuperLink printed, with the token. */
  readonly url: string;
  /** Folder of the app. */
  readonly app: string;
}

/** A node of a scene. */
export interface SceneNode {
  readonly name: string;
  /** Settings, such as "slowness=3". */
  readonly config?: string;
}

/**
 * Starts a SuperLink with a dashboard, and nodes that run the apps of runs.
 *
 * @param appFolder the app of an earlier scene; default: a new one
 */
export async function startScene(
  stage: Stage,
  nodes: readonly SceneNode[],
  flags: readonly string[] = [],
  appFolder?: string,
): Promise<Scene> {
  const superlink = await startSuperLink({
    stage,
    flags: ["--dashboard", "127.0.0.1:0", ...flags],
  });
  const app = appFolder ?? await makeApp(stage.path("app"), {
    name: "mnist",
    files: { "server.ts": SERVER, "client.ts": CLIENT },
    config: "num-rounds = 3\nnodes = 2\npause-ms = 5\nlearning-rate = 0.05\nnote = 'a'",
  });
  const [, url] = await superlink.process.waitForLine(/^Dashboard: (\S+)$/);
  await Promise.all(nodes.map(async ({ name, config = "" }, index) => {
    const node = startFlwr(stage, `supernode ${index}`, [
      "supernode",
      ...["--insecure", "--server", superlink.http, "--name", name],
      ...["--node-config", `partition-id=${index} ${config}`.trim()],
    ]);
    await node.waitForEvent("joined");
  }));
  return { superlink: superlink.process, http: superlink.http, url: url!, app };
}

/** Submits the scene's app. @returns the id of the run */
export async function submit(
  stage: Stage,
  { app, http }: Scene,
  settings: string,
  flags: readonly string[] = [],
): Promise<string> {
  const process = startFlwr(stage, "flwr run", [
    ...["run", app, http, "--insecure", "--no-check", "--format", "json", "-c", settings],
    ...flags,
  ]);
  const { code } = await process.exit;
  if (code !== 0) throw new Error(process.lines.join("\n"));
  return String(JSON.parse(process.stdoutLines.join("\n"))["run-id"]);
}
