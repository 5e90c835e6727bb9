/** `flwr sweep`: its runs are those of `flwr run`, failures are rows, and a sweep that was stopped goes on. */
import assert from "node:assert/strict";
import { eventually } from "../support/deadline.ts";
import { startSuperLink } from "../support/flwr.ts";
import { makeApp } from "../support/make_app.ts";
import { freePorts } from "../support/ports.ts";
import type { Process } from "../support/process.ts";
import { repositoryPath } from "../support/repository.ts";
import { scenario, type Stage } from "../support/stage.ts";

/** An app whose model depends on its settings and its seed. It waits for a file, or fails, if it is told to. */
const FILES = {
  "server.ts": `
import { ArrayRecord, FedAvg, ServerApp } from "flwr";
export const app = new ServerApp().main(async (grid, { runConfig, artifacts }) => {
  if (runConfig.string("mode") === "fail") throw new RangeError("the data is bad");
  const initialArrays = ArrayRecord.fromTensors({
    w: { dtype: "float32", shape: [2], data: new Float32Array([0, 1]) },
  });
  const { arrays } = await new FedAvg().start(grid, {
    numRounds: 2,
    initialArrays,
    trainConfig: { lr: runConfig.number("lr"), gate: runConfig.string("gate") },
  });
  await artifacts.save("model.npz", arrays);
});`,
  "client.ts": `
import { ArrayRecord, ClientApp, MetricRecord } from "flwr";
export const app = new ClientApp().train(async ({ content }) => {
  const config = content.configRecord("config");
  const gate = config.string("gate");
  while (gate !== "" && !await Deno.stat(gate).then(() => true, () => false)) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const w = content.arrayRecord("arrays").viewTensors().get("w");
  const data = Float32Array.from(w.data, (value) => Number(value) + config.number("lr") * Math.random());
  return {
    arrays: ArrayRecord.fromTensors({ w: { dtype: "float32", shape: [2], data } }),
    metrics: new MetricRecord({ loss: 1 / config.number("lr"), "num-examples": 1 }),
  };
}).evaluate(() => ({ metrics: new MetricRecord({ accuracy: Math.random(), "num-examples": 1 }) }));`,
};

/** Commands in the scenario's folder, with the same SuperLink. */
class Sweeps {
  readonly #stage: Stage;
  readonly #http: string;
  readonly app: string;

  private constructor(stage: Stage, http: string, app: string) {
    this.#stage = stage;
    this.#http = http;
    this.app = app;
  }

  static async start(stage: Stage): Promise<Sweeps> {
    const flags = ["--simulation", "--allow-read", stage.folder.path];
    const { http } = await startSuperLink({ stage, flags });
    const config = 'lr = 0.5\nseed = 0\nmode = ""\ngate = ""';
    const app = await makeApp(stage.path("app"), { name: "sweeps", files: FILES, config });
    return new Sweeps(stage, http, app);
  }

  /** Starts a command with the app, if it takes one, and the SuperLink. */
  begin(name: string, words: readonly string[], ...flags: readonly string[]): Process {
    return this.#stage.start({
      name,
      command: Deno.execPath(),
      args: ["run", "-A", repositoryPath("main.ts"), ...words, this.#http, "--insecure", ...flags],
      env: { FLWR_HOME: this.#stage.path("home") },
      cwd: this.#stage.folder.path,
    });
  }

  sweep(...flags: string[]): Process {
    return this.begin("sweep", ["sweep", this.app], "--no-check", ...flags);
  }

  /** Runs a command to its end, with its result as JSON. */
  async json(words: readonly string[], ...flags: string[]) {
    const process = this.begin(words[0]!, words, "--format", "json", ...flags);
    const { code } = await process.ended(60);
    const text = process.stdoutLines.join("\n");
    assert.ok(text.startsWith("{"), process.lines.join("\n"));
    return { code, result: JSON.parse(text) };
  }

  /** Runs a sweep to its end. */
  results(...flags: string[]) {
    return this.json(["sweep", this.app], "--no-check", ...flags);
  }

  /** The states of all runs of the SuperLink, oldest first. */
  async states(): Promise<string[]> {
    const { result } = await this.json(["ls"]);
    return result.runs.map(({ status }: { status: string }) => status).reverse();
  }

  /** The model of a run, as bytes. */
  async model(runId: string): Promise<Uint8Array> {
    const output = this.#stage.path(`pulled-${runId}`);
    const { code } = await this.json(["pull", runId], "--output", output);
    assert.equal(code, 0);
    return await Deno.readFile(`${output}/model.npz`);
  }
}

scenario(
  "sweep: its runs equal those of flwr run, and are averaged over the seed",
  async (stage) => {
    const sweeps = await Sweeps.start(stage);
    const output = stage.path("out.json");
    const grid = ["--run-config", "lr=[0.25,0.5] seed=[1,2]", "--metric", "accuracy"];
    const { code, result } = await sweeps.results(...grid, "--parallel", "2", "--output", output);
    assert.equal(code, 0, JSON.stringify(result));
    const { runs, groups, folder } = result;
    const settings = runs.map(({ settings }: { settings: unknown }) => settings);
    assert.deepEqual(settings, [
      { lr: 0.25, seed: 1 },
      { lr: 0.25, seed: 2 },
      { lr: 0.5, seed: 1 },
      { lr: 0.5, seed: 2 },
    ]);
    const models = await Promise.all(
      runs.map(async (run: { "run-id": string }) => [...await sweeps.model(run["run-id"])].join()),
    );
    assert.equal(new Set(models).size, 4);
    const single = await sweeps.json(
      ["run", sweeps.app],
      "--no-check",
      "--stream",
      "--run-config",
      "lr=0.5 seed=1",
    );
    assert.equal([...await sweeps.model(single.result["run-id"])].join(), models[2]);

    for (const group of groups) {
      assert.deepEqual([group.runs, group.completed], [2, 2]);
      const { final, best, mode } = group.metrics["evaluate/accuracy"];
      const values = runs.filter((run: { settings: { lr: number } }) =>
        run.settings.lr === group.settings.lr
      ).map(({ metrics }: { metrics: Record<string, { final: number }> }) =>
        metrics["evaluate/accuracy"]!.final
      );
      assert.equal(mode, "max");
      assert.ok(Math.abs(final.mean - (values[0] + values[1]) / 2) < 1e-15);
      assert.ok(Math.abs(final.deviation - Math.abs(values[0] - values[1]) / Math.SQRT2) < 1e-15);
      assert.ok(best.mean >= final.mean && best.n === 2);
      const { lr } = group.settings;
      assert.deepEqual(group.metrics["train/loss"].final, { mean: 1 / lr, deviation: 0, n: 2 });
    }
    const [first, second] = groups.map(({ metrics }: (typeof groups)[0]) =>
      metrics["evaluate/accuracy"].final.mean
    );
    assert.ok(first >= second, "sorted by the metric");
    const { success: _, "exit-status": __, ...fields } = result;
    assert.deepEqual(JSON.parse(await Deno.readTextFile(output)), fields);
    const place = stage.path(folder);
    assert.equal((await Deno.readTextFile(`${place}/runs.csv`)).trim().split("\n").length, 5);
    const history = await Deno.readTextFile(`${place}/histories/${runs[0]["run-id"]}.json`);
    assert.equal(JSON.parse(history).strategies[0].rounds.length, 2);
  },
);

scenario(
  "sweep: a run that fails is a row, and the others are run unless --fail-fast",
  async (stage) => {
    const sweeps = await Sweeps.start(stage);
    const grid = ["--run-config", 'mode=["","fail"] lr=[0.25,0.5]'];
    const all = await sweeps.results(...grid);
    assert.equal(all.code, 1);
    const status = ({ runs }: { runs: { status: string }[] }) => runs.map(({ status }) => status);
    assert.deepEqual(status(all.result), ["completed", "completed", "failed", "failed"]);
    assert.match(all.result.runs[2].error, /the data is bad/);
    assert.equal(all.result["exit-status"], 1);

    // Runs that completed are not repeated, those that failed are.
    const again = await sweeps.results(...grid, "--fail-fast", "--resume", all.result.folder);
    assert.equal(again.code, 1);
    assert.deepEqual(status(again.result), ["completed", "completed", "failed", "not-finished"]);
    assert.equal((await sweeps.states()).length, 5);

    // With another app, nothing is known.
    await Deno.writeTextFile(`${sweeps.app}/other.ts`, "export const other = 1;\n");
    const other = await sweeps.results("--run-config", "lr=[0.25]", "--resume", all.result.folder);
    assert.deepEqual([other.code, (await sweeps.states()).length], [0, 6]);
    const same = await sweeps.results("--run-config", "lr=0.25", "--resume", all.result.folder);
    assert.deepEqual([same.code, (await sweeps.states()).length], [0, 6]);
  },
);

scenario("sweep: after Ctrl-C and after a kill it goes on with what is left", async (stage) => {
  const sweeps = await Sweeps.start(stage);
  const gate = stage.path("gate");
  const grid = ["--run-config", `gate=["","${gate}"] seed=[1,2]`];
  const stopped = sweeps.sweep(...grid);
  const [, first] = await stopped.waitForLine(/^\[2\/4\] .*seed=(\d): completed/);
  assert.equal(first, "2");
  await until(async () => (await sweeps.states()).length === 3);
  stopped.signal("SIGINT");
  assert.equal((await stopped.ended(30)).code, 1);
  const folder = /--resume (sweep-\d+)/.exec(stopped.lines.join("\n"))![1]!;
  assert.deepEqual(await sweeps.states(), [
    "finished:completed",
    "finished:completed",
    "finished:stopped",
  ]);

  // A killed command leaves its run to the SuperLink. The next one follows it.
  const killed = sweeps.sweep(...grid, "--resume", folder);
  await until(async () => (await sweeps.states()).length === 4);
  await until(async () =>
    (await Deno.readTextFile(stage.path(`${folder}/sweep.jsonl`))).split("\n").length === 8
  );
  killed.signal("SIGKILL");
  await killed.ended();
  const continued = sweeps.sweep(...grid, "--resume", folder);
  await continued.waitForLine(/^2 runs completed earlier/);
  await Deno.writeTextFile(gate, "");
  assert.equal((await continued.ended(60)).code, 0, continued.lines.join("\n"));
  assert.deepEqual(await sweeps.states(), [
    "finished:completed",
    "finished:completed",
    "finished:stopped",
    "finished:completed",
    "finished:completed",
  ]);
});

scenario(
  "sweep: without a SuperLink it starts the local one, and shares its cores",
  async (stage) => {
    const [port] = freePorts(1);
    const config = 'lr = 0.5\nseed = 0\nmode = ""\ngate = ""';
    const app = await makeApp(stage.path("app"), { name: "sweeps", files: FILES, config });
    const run = async (...flags: string[]) => {
      const process = stage.start({
        name: "sweep",
        command: Deno.execPath(),
        args: [
          ...["run", "-A", repositoryPath("main.ts"), "sweep", app, "--no-check"],
          ...["--seeds", "2", "--metric", "recall", ...flags],
        ],
        env: {
          FLWR_HOME: stage.path("home"),
          FLWR_LOCAL_SUPERLINK_HTTP_API_PORT: String(port),
          FLWR_LOCAL_SUPERLINK_IDLE_SECONDS: "5",
        },
        cwd: stage.folder.path,
      });
      const { code } = await process.ended(60);
      return { code, text: process.lines.join("\n") };
    };
    // No run has the metric, which is known only when they have ended: the results are there.
    const first = await run("--parallel", "2");
    assert.equal(first.code, 2, first.text);
    assert.match(first.text, /^2 runs, 2 at a time, each with \d+ core/m);
    assert.match(first.text, /^RUNS +accuracy +accuracy \(best\) +loss/m);
    assert.match(first.text, /^2 runs completed$/m);
    const folder = /sweep-\d+/.exec(first.text)![0];
    const again = await run(
      "--resume",
      folder,
      "--federation-config",
      "client-resources-num-cpus=2",
    );
    assert.match(again.text, /^2 runs completed earlier/m);
    // With other nodes, the results are other ones.
    const other = await run("--resume", folder, "--nodes", "3");
    assert.doesNotMatch(other.text, /completed earlier/);
    const isClosed = () =>
      Deno.connect({ hostname: "127.0.0.1", port: port! }).then(
        (connection) => (connection.close(), false),
        () => true,
      );
    await eventually(isClosed, 30, "the local SuperLink to end");
  },
);

scenario("sweep: what is wrong is refused before a SuperLink is called", async (stage) => {
  const config = "lr = 0.5";
  const app = await makeApp(stage.path("app"), { name: "sweeps", config });
  for (
    const [flags, problem] of [
      [["-c", "rate=[1,2]"], /The app has no setting "rate"/],
      [["-c", "lr=[[1]]"], /"lr" .* is a list/],
      [["-c", "lr=[1,2,3]", "--max-runs", "2"], /3 runs, more than 2/],
      [["-c", "lr=[1,2]", "--average-over", "seed"], /"seed" has no list/],
      [["-c", "lr=[1,2]", "--seeds", "2"], /The app has no setting "seed"/],
      [["-c", "lr=[1,2]", "--mode", "min"], /--mode needs --metric/],
      [["-c", "lr=[1,2]", "--output", "out.txt"], /must end in \.csv or \.json/],
    ] as const
  ) {
    const process = stage.start({
      name: "sweep",
      command: Deno.execPath(),
      // No SuperLink listens there.
      args: [
        ...["run", "-A", repositoryPath("main.ts"), "sweep", app, "127.0.0.1:1", "--insecure"],
        ...flags,
      ],
      env: { FLWR_HOME: stage.path("home") },
      cwd: stage.folder.path,
    });
    const { code } = await process.ended(30);
    const text = process.lines.join("\n");
    assert.equal(code, 2, text);
    assert.match(text, problem);
  }
  for await (const { name } of Deno.readDir(stage.folder.path)) {
    assert.ok(["app", "home"].includes(name), name);
  }
});

/** Waits until a condition holds. */
async function until(isTrue: () => Promise<boolean>): Promise<void> {
  await eventually(isTrue, 60, "the state of the sweep");
}
