/** Runs whose nodes are simulated by workers, processes that call the SuperLink as those on other machines do. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { createApp } from "../../roles/cli/apps/new/create_app.ts";
import { TEMPLATES } from "../../roles/cli/apps/new/template.ts";
import { eventually } from "../support/deadline.ts";
import { startFlwr, startSuperLink } from "../support/flwr.ts";
import { freePorts } from "../support/ports.ts";
import { makeApp } from "../support/make_app.ts";
import type { Process } from "../support/process.ts";
import { scenario, type Stage } from "../support/stage.ts";

/** Runs a command of ours to its end. @returns its exit status and its lines */
async function flwr(stage: Stage, args: readonly string[]) {
  const env = { FLWR_HOME: stage.path("home") };
  const process = startFlwr(stage, `flwr ${args[0]}`, args, env);
  const { code } = await process.exit;
  return { code, lines: process.stdoutLines, all: process.lines.join("\n") };
}

/** Submits an app. @returns the run's id */
async function submit(stage: Stage, http: string, app: string, more: readonly string[]) {
  const args = ["run", app, http, "--insecure", "--no-check", "--format", "json", ...more];
  const run = await flwr(stage, args);
  assert.equal(run.code, 0, run.all);
  return JSON.parse(run.lines.join("\n"))["run-id"] as string;
}

function startWorker(stage: Stage, http: string, tokenFile: string, name = "worker"): Process {
  return startFlwr(stage, name, [
    ...["simulation-worker", "--superlink", http, "--insecure", "--token-file", tokenFile],
    ...["--workers", "1"],
  ]);
}

/** Waits for a run's end. @returns the model that it saved, as bytes, and its log */
async function resultOf(stage: Stage, http: string, runId: string) {
  const log = await flwr(stage, ["log", runId, http, "--insecure", "--stream"]);
  const output = stage.path(`pulled-${runId}`);
  const pulled = await flwr(stage, ["pull", runId, http, "--insecure", "--output", output]);
  assert.equal(pulled.code, 0, `${pulled.all}\n${log.all}`);
  return { model: await Deno.readFile(`${output}/model.npz`), log: log.all };
}

const SETTINGS = [
  ...["--nodes", "5", "-c", "num-rounds=2 seed=7"],
  ...["--federation-config", "dropout=0.2 lie=0.2"],
];

scenario(
  "simulation workers: the model is that of threads of the SuperLink, with one worker and with three",
  async (stage) => {
    const { http } = await startSuperLink({ stage, flags: ["--simulation"] });
    const { folder: app } = await createApp({
      name: "app",
      publisher: "tests",
      template: TEMPLATES["cnn"]!,
      parent: stage.folder.path,
    });
    const local = await resultOf(stage, http, await submit(stage, http, app, SETTINGS));
    for (const count of [1, 3]) {
      const tokenFile = stage.path(`token-${count}`);
      const engine = ["--engine", "workers", "--token-file", tokenFile];
      const runId = await submit(stage, http, app, [...SETTINGS, ...engine]);
      assert.equal((await Deno.stat(tokenFile)).mode! & 0o777, 0o600);
      // The first worker comes when the run already waits for it.
      const waits = async () =>
        (await flwr(stage, ["log", runId, http, "--insecure", "--show"])).all.includes(
          "waits for a simulation worker",
        );
      if (count === 1) await eventually(waits, 60, "the run to wait for a worker");
      const workers = Array.from({ length: count }, () => startWorker(stage, http, tokenFile));
      const { model } = await resultOf(stage, http, runId);
      assert.deepEqual(model, local.model);
      // They end with the run.
      for (const worker of workers) assert.equal((await worker.exit).code, 0);
    }
  },
);

/**
 * Each node's first message lasts until a file appears; the model is a sum of random numbers of nodes, of states, and of
 * what the module drew while it was loaded.
 */
const SLOW_CLIENT = `
import { ArrayRecord, ClientApp, MetricRecord, tensor } from "flwr";
const atLoad = Math.random();
export const app = new ClientApp().train(async ({ content }, { nodeConfig, state, runConfig }) => {
  const gate = runConfig.string("gate");
  while (!await Deno.stat(gate).then(() => true, () => false)) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const seen = (state.get("n")?.number("n") ?? 0) + 1;
  state.set("n", new MetricRecord({ n: seen }));
  const [w] = content.arrayRecord("arrays").tensors().values();
  const data = Float32Array.from(w.data, (value) => value / 3 + Math.random() * seen + atLoad + nodeConfig.number("partition-id"));
  return {
    arrays: ArrayRecord.fromTensors({ w: tensor("float32", [data.length], data) }),
    metrics: new MetricRecord({ "num-examples": 1 + nodeConfig.number("partition-id") }),
  };
});`;
const SLOW_SERVER = `
import { ArrayRecord, FedAvg, ServerApp, tensor } from "flwr";
export const app = new ServerApp().main(async (grid, { artifacts }) => {
  const initialArrays = ArrayRecord.fromTensors({ w: tensor("float32", [1000], new Float32Array(1000)) });
  const { arrays } = await new FedAvg({ fractionEvaluate: 0 }).start(grid, { numRounds: 3, initialArrays });
  await artifacts.save("model.npz", arrays);
});`;

/** Makes the app of {@link SLOW_CLIENT}, and runs it on threads. @returns what runs with workers need, and the model */
async function prepareSlow(stage: Stage, http: string, gates: string) {
  const files = { "server.ts": SLOW_SERVER, "client.ts": SLOW_CLIENT };
  const app = await makeApp(stage.path("app"), { name: "slow", files, config: `gate = ""` });
  const gate = `${gates}/open`;
  const settings = ["--nodes", "12", "-c", `gate="${gate}"`];
  const open = () => Deno.writeTextFile(gate, "");
  await open();
  const { model } = await resultOf(stage, http, await submit(stage, http, app, settings));
  await Deno.remove(gate);
  const tokenFile = stage.path("token");
  const engine = ["--engine", "workers", "--token-file", tokenFile];
  const runId = await submit(stage, http, app, [...settings, ...engine]);
  return { runId, tokenFile, model, open };
}

scenario(
  "simulation workers: one of four is killed, and the model has the same bits",
  async (stage) => {
    const gates = stage.path("gates");
    await Deno.mkdir(gates);
    const { http, process } = await startSuperLink({
      stage,
      flags: ["--simulation", "--allow-read", gates, "--verbose"],
    });
    const { runId, tokenFile, model: expected, open } = await prepareSlow(stage, http, gates);
    const workers = Array.from({ length: 4 }, (_, n) =>
      startFlwr(stage, `worker ${n}`, [
        ...["simulation-worker", "--superlink", http, "--insecure", "--token-file", tokenFile],
        ...["--workers", "2", "--allow-read", gates, "--verbose"],
      ]));
    await Promise.all(workers.map((worker) => worker.waitForEvent("worker-works")));
    const { pid } = workers[1]!;
    const sandboxes = (await Deno.readTextFile(`/proc/${pid}/task/${pid}/children`)).split(" ");
    const areThere = () =>
      sandboxes.filter((child) => child !== "" && existsSync(`/proc/${child}`)).length;
    assert.ok(areThere() > 0);
    await workers[1]!.end("SIGKILL");
    await eventually(() => areThere() === 0, 30, "the sandboxes of a killed worker to end");
    const lost = async () => {
      const { all } = await flwr(stage, ["log", runId, http, "--insecure", "--show"]);
      return /A simulation worker is gone: its \d+ nodes are handed out again/.test(all);
    };
    await eventually(lost, 60, "the SuperLink to notice that a worker is gone");
    // No other user of a worker's machine sees the token.
    const [, secret] = (await Deno.readTextFile(tokenFile)).trim().split(".");
    for (const file of ["cmdline", "environ"]) {
      const text = await Deno.readTextFile(`/proc/${workers[0]!.pid}/${file}`);
      assert.ok(!text.includes(secret!), file);
    }
    await open();
    const { model, log } = await resultOf(stage, http, runId);
    assert.deepEqual(model, expected, log);
    assert.doesNotMatch(log, /failed/i);
    for (const text of [log, process.lines.join(), ...workers.map(({ lines }) => lines.join())]) {
      assert.ok(!text.includes(secret!));
    }
  },
);

scenario(
  "simulation workers: the SuperLink is killed, and its workers go on with the next one",
  async (stage) => {
    const gates = stage.path("gates");
    await Deno.mkdir(gates);
    const [port] = freePorts(1);
    const flags = [
      ...["--simulation", "--allow-read", gates, "--port", String(port)],
      ...["--database", stage.path("state.sqlite")],
    ];
    const { http, process } = await startSuperLink({ stage, flags });
    const { runId, tokenFile, model: expected, open } = await prepareSlow(stage, http, gates);
    const worker = startFlwr(stage, "worker", [
      ...["simulation-worker", "--superlink", http, "--insecure", "--token-file", tokenFile],
      ...["--workers", "4", "--allow-read", gates],
    ]);
    await worker.waitForEvent("worker-works");
    await process.end("SIGKILL");
    await startSuperLink({ stage, flags });
    await worker.waitForEvent("worker-joined");
    await open();
    const { model, log } = await resultOf(stage, http, runId);
    assert.deepEqual(model, expected, log);
    assert.equal((await worker.exit).code, 0, worker.tail());
  },
);

scenario(
  "simulation workers: a scheduler that is not there ends the command before anything is sent",
  async (stage) => {
    const { http } = await startSuperLink({ stage, flags: ["--simulation"] });
    const app = await makeApp(stage.path("app"), { name: "none" });
    const engines = {
      "--engine slurm": ["slurm"],
      "--engine ray": ["ray", "--engine-address", "http://127.0.0.1:1"],
    };
    const env = { FLWR_HOME: stage.path("home"), PATH: stage.path("nothing") };
    for (const [name, engine] of Object.entries(engines)) {
      const args = ["run", app, http, "--insecure", "--no-check", "--engine", ...engine];
      const run = startFlwr(stage, name, args, env);
      assert.equal((await run.exit).code, 1, run.tail());
      assert.equal(run.lines.filter((line) => line.startsWith("Error")).length, 1, run.tail());
    }
    const { lines } = await flwr(stage, ["ls", http, "--insecure", "--format", "json"]);
    assert.deepEqual(JSON.parse(lines.join("\n")).runs, []);
    // No token is left, because there is no run that it belongs to.
    const left = await Array.fromAsync(Deno.readDir(stage.path("home/workers"))).catch(() => []);
    assert.deepEqual(left, []);
  },
);

scenario(
  "simulation workers: a wrong token is refused, and no run without workers has one",
  async (stage) => {
    const { http } = await startSuperLink({ stage, flags: ["--simulation"] });
    const tokenFile = stage.path("token");
    await Deno.writeTextFile(tokenFile, `${2n ** 63n}.${"0".repeat(64)}`);
    const worker = startWorker(stage, http, tokenFile);
    assert.equal((await worker.exit).code, 1);
    // The file's mode is that of any other file.
    assert.ok(worker.records.some(({ event }) => event === "token-file-shared"), worker.tail());
    assert.match(worker.lines.join("\n"), /The token belongs to no run/);
  },
);
