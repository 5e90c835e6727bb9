/** Runs whose workers Ray places, on a real cluster of two raylets on this machine. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { createApp } from "../../roles/cli/apps/new/create_app.ts";
import { TEMPLATES } from "../../roles/cli/apps/new/template.ts";
import { eventually } from "../support/deadline.ts";
import { startFlwr, startSuperLink } from "../support/flwr.ts";
import { NIGHTLY } from "../support/nightly.ts";
import { findPython, NO_PYTHON } from "../support/python.ts";
import { startRay } from "../support/ray.ts";
import { scenario, type Stage } from "../support/stage.ts";

const python = NIGHTLY ? await findPython() : undefined;
if (NIGHTLY && python === undefined) console.log(NO_PYTHON);
const options = { seconds: 600, ignore: python === undefined };

/** Seconds in which jobs of Ray start or end. */
const RAY_SECONDS = 60;

/** Starts a SuperLink, and makes an app. */
async function prepare(stage: Stage) {
  const { http } = await startSuperLink({ stage, flags: ["--simulation"] });
  const parent = stage.folder.path;
  const template = TEMPLATES["cnn"]!;
  const { folder } = await createApp({ name: "app", publisher: "tests", template, parent });
  const env = { FLWR_HOME: stage.path("home") };
  const flwr = async (...args: string[]) => {
    const process = startFlwr(stage, `flwr ${args[0]}`, [...args, "--insecure"], env);
    return { code: (await process.exit).code, text: process.lines.join("\n"), process };
  };
  const settings = ["--no-check", "--nodes", "4", "-c", "num-rounds=1 seed=7"];
  const run = (...more: string[]) => flwr("run", folder, http, ...settings, ...more);
  const modelOf = async (runId: string) => {
    const output = stage.path(`pulled-${runId}`);
    const pulled = await flwr("pull", runId, http, "--output", output);
    assert.equal(pulled.code, 0, pulled.text);
    return await Deno.readFile(`${output}/model.npz`);
  };
  return { http, flwr, run, modelOf };
}

const runIdIn = (text: string) => /Started run (\d+)/.exec(text)![1]!;

scenario(
  "ray: jobs on two raylets compute a run with the same bits, end with it, and show no token",
  async (stage) => {
    const ray = await startRay(stage);
    const { http, flwr, run, modelOf } = await prepare(stage);
    const local = await run("--stream");
    assert.equal(local.code, 0, local.text);
    const engine = ["--engine", "ray", "--engine-address", ray.address];
    const placed = await run(...engine, "--workers", "2");
    assert.equal(placed.code, 0, placed.text);
    const runId = runIdIn(placed.text);
    assert.match(placed.text, /A simulation worker joined/);
    assert.deepEqual(await modelOf(runId), await modelOf(runIdIn(local.text)));
    assert.ok(!existsSync(`${stage.path("home/workers")}/${runId}.token`));
    for (const n of [0, 1]) {
      const id = `flwr-${runId}-${n}`;
      const ended = async () => /"status": ?"(SUCCEEDED|STOPPED)"/.test(await ray.job(id));
      await eventually(ended, RAY_SECONDS, `${id} to end`);
      const shown = await ray.job(id);
      assert.doesNotMatch(shown, /[0-9a-f]{64}/);
    }

    // A run that is stopped ends its workers, of which each raylet has one.
    const stopping = run(...engine, "--workers", "2", "-c", "num-rounds=10000");
    const isRunning = async () => {
      const { text } = await flwr("ls", http, "--format", "json");
      const { runs } = JSON.parse(text.slice(text.indexOf("{")));
      return runs.find(({ status }: { status: string }) => status === "running")?.["run-id"];
    };
    let stopped: string | undefined;
    await eventually(
      async () => (stopped = await isRunning()) !== undefined,
      RAY_SECONDS,
      "the run to run",
    );
    const jobs = () => Promise.all([0, 1].map((n) => ray.job(`flwr-${stopped}-${n}`)));
    const work = async () => (await jobs()).every((job) => /"status": ?"RUNNING"/.test(job));
    await eventually(work, RAY_SECONDS, "two workers to run");
    const raylets = (await jobs()).map((job) => JSON.parse(job).driver_node_id);
    assert.notEqual(raylets[0], raylets[1]);
    await flwr("stop", stopped!, http);
    assert.equal((await stopping).code, 1);
    for (const n of [0, 1]) {
      const gone = async () => !/"(RUNNING|PENDING)"/.test(await ray.job(`flwr-${stopped}-${n}`));
      await eventually(gone, RAY_SECONDS, "the workers to end");
    }
  },
  options,
);

scenario(
  "ray: workers that no machine can have end the run with Ray's reason, and so does an address without Ray",
  async (stage) => {
    const ray = await startRay(stage);
    const { http, flwr, run } = await prepare(stage);
    const engine = ["--engine", "ray", "--engine-address", ray.address, "--engine-wait", "5"];
    const waits = await run(...engine, "--nodes-per-worker", "64");
    assert.equal(waits.code, 1, waits.text);
    assert.match(waits.text, /no worker ran within 5 s/);
    const nowhere = await run("--engine", "ray", "--engine-address", "http://127.0.0.1:1");
    assert.equal(nowhere.code, 1, nowhere.text);
    assert.match(nowhere.text, /Ray cannot be reached at http:\/\/127\.0\.0\.1:1/);
    const { text } = await flwr("ls", http, "--format", "json");
    const { runs } = JSON.parse(text.slice(text.indexOf("{")));
    // The second was not even sent.
    assert.deepEqual(runs.map(({ status }: { status: string }) => status), ["finished:stopped"]);
  },
  options,
);
