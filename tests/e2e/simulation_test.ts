/** Runs whose nodes are simulated: on a SuperLink of its own, and on the one that a command starts. */
import assert from "node:assert/strict";
import { createApp } from "../../roles/cli/apps/new/create_app.ts";
import { TEMPLATES } from "../../roles/cli/apps/new/template.ts";
import { eventually } from "../support/deadline.ts";
import { joined, startFlwr, startSuperLink } from "../support/flwr.ts";
import { makeApp, NO_COMPONENT } from "../support/make_app.ts";
import { freePorts } from "../support/ports.ts";
import { scenario, type Stage } from "../support/stage.ts";

/** Makes an app from a template. @returns its folder */
async function template(stage: Stage, name: "minimal" | "cnn"): Promise<string> {
  const parent = stage.folder.path;
  const app = { name: `app-${name}`, publisher: "tests", template: TEMPLATES[name]!, parent };
  return (await createApp(app)).folder;
}

/** Runs a command of ours to its end. @returns its exit status and its lines */
async function flwr(stage: Stage, args: readonly string[], env: Record<string, string> = {}) {
  const process = startFlwr(stage, `flwr ${args[0]}`, args, env);
  const { code } = await process.exit;
  return { code, lines: process.stdoutLines, all: process.lines.join("\n") };
}

/** Runs an app to its end on a SuperLink. @returns the model that it saved, as bytes. @param status expected status */
async function modelOf(
  stage: Stage,
  app: string,
  http: string,
  flags: readonly string[] = [],
  status = 0,
): Promise<Uint8Array> {
  const env = { FLWR_HOME: stage.path("home") };
  const where = [http, "--insecure"];
  const run = await flwr(
    stage,
    ["run", app, ...where, "--no-check", "--stream", "--format", "json", ...flags],
    env,
  );
  assert.equal(run.code, status, run.all);
  const { "run-id": runId } = JSON.parse(run.lines.join("\n"));
  const output = stage.path(`pulled-${runId}`);
  const pulled = await flwr(stage, ["pull", runId, ...where, "--output", output], env);
  assert.equal(pulled.code, 0, pulled.all);
  return await Deno.readFile(`${output}/model.npz`);
}

scenario(
  "simulation: the same run gives the same model with one thread and with three, another seed another",
  async (stage) => {
    const { http } = await startSuperLink({ stage, flags: ["--simulation"] });
    const app = await template(stage, "cnn");
    const settings = (threads: number) => [
      "--federation-config",
      `num-supernodes=5 init-args-num-cpus=${threads}`,
    ];
    const model = (threads: number, seed: number) =>
      modelOf(stage, app, http, [...settings(threads), "-c", `num-rounds=2 seed=${seed}`]);
    const charts = stage.path("charts");
    const one = await modelOf(stage, app, http, [
      ...settings(1),
      ...["-c", "num-rounds=2 seed=7", "--tensorboard", charts],
    ]);
    const where = [http, "--insecure", "--format", "json"];
    const jsonOf = async (...args: string[]) => {
      const { code, lines, all } = await flwr(stage, args, { FLWR_HOME: stage.path("home") });
      assert.equal(code, 0, all);
      return JSON.parse(lines.join("\n"));
    };
    const { runs: [newest] } = await jsonOf("ls", ...where, "--limit", "1");
    // The ServerApp reported them out of its sandbox, and its nodes have no SuperLink.
    const { metrics } = await jsonOf("metrics", newest["run-id"], ...where);
    const sources = new Set(
      metrics.map((row: Record<string, unknown>) => `${row["round"]} ${row["source"]}`),
    );
    for (const source of ["1 train", "1 evaluate", "2 train", "2 time"]) {
      assert.ok(sources.has(source), source);
    }
    assert.ok(metrics.some((row: Record<string, unknown>) => row["node-id"] !== undefined));
    const files = [...Deno.readDirSync(`${charts}/run-${newest["run-id"]}`)];
    // The run's own numbers, and a folder for each of five nodes.
    assert.equal(files.filter(({ isFile }) => isFile).length, 1);
    assert.equal(files.filter(({ isDirectory }) => isDirectory).length, 5);
    assert.deepEqual(await model(3, 7), one);
    assert.notDeepEqual(await model(3, 8), one);
  },
);

scenario(
  "simulation: folded replies give the same model with one, two and four threads, faults included",
  async (stage) => {
    const server = `
import { ArrayRecord, FedAdam, FedAvg, ServerApp, tensor } from "flwr";
export const app = new ServerApp().main(async (grid, { artifacts, runConfig }) => {
  const numbers = Float32Array.from({ length: 5000 }, (_, i) => Math.sin(i) * 2 ** (i % 30 - 20));
  const initialArrays = ArrayRecord.fromTensors({
    w: tensor("float32", [50, 100], numbers),
    small: tensor("float64", [3], new Float64Array(3)),
  });
  const options = { fractionTrain: 0.5, fractionEvaluate: 0, maxHeldBytes: runConfig.number("held") };
  const strategy = runConfig.boolean("adam") ? new FedAdam(options) : new FedAvg(options);
  const { arrays, rounds } = await strategy.start(grid, { numRounds: 3, initialArrays });
  console.log("failed:", rounds.map(({ train }) => train?.failures.length).join());
  await artifacts.save("model.npz", arrays);
});`;
    const client = `
import { ArrayRecord, ClientApp, MetricRecord } from "flwr";
export const app = new ClientApp().train(async ({ content }, { nodeConfig }) => {
  const partition = nodeConfig.number("partition-id");
  const tensors = content.arrayRecord("arrays").tensors();
  // Changed in place: no other node may see it.
  for (const { data } of tensors.values()) {
    for (let i = 0; i < data.length; i++) data[i] += Math.random() * 2 ** ((i + partition) % 40 - 30);
  }
  if (partition % 11 === 3) throw new RangeError("no rows");
  if (partition % 11 === 4) tensors.get("w").data[1] = NaN;
  // A thread that dies keeps nothing of the replies that it has added.
  if (partition % 20 === 5) {
    setTimeout(() => { throw new Error("later"); });
    await new Promise(() => {});
  }
  const metrics = new MetricRecord({ "num-examples": 1 + partition });
  return { arrays: ArrayRecord.fromTensors(tensors), metrics };
});`;
    const config = "held = 0\nadam = false";
    const files = { "server.ts": server, "client.ts": client };
    const app = await makeApp(stage.path("app"), { name: "folds", files, config });
    const { http } = await startSuperLink({ stage, flags: ["--simulation"] });
    // A run in which some nodes contributed nothing ends with status 3.
    const model = (threads: number, settings: string) =>
      modelOf(stage, app, http, [
        "--federation-config",
        `num-supernodes=40 init-args-num-cpus=${threads} dropout=0.1 lie=0.1`,
        ...["-c", settings],
      ], 3);
    for (const settings of ["held=0 adam=true", "held=1e9 adam=false"]) {
      const one = await model(1, settings);
      for (const threads of [2, 4]) {
        assert.deepEqual(await model(threads, settings), one, `${threads} threads, ${settings}`);
      }
    }
  },
);

scenario("simulation: two simulated nodes give the model of two SuperNodes", async (stage) => {
  const app = await template(stage, "minimal");
  const [real, simulated] = await Promise.all([
    startSuperLink({ stage }),
    startSuperLink({ stage, flags: ["--simulation"] }),
  ]);
  await Promise.all([0, 1].map((partition) => {
    const config = ["--node-config", `partition-id=${partition} num-partitions=2`];
    const flags = ["supernode", "--superlink", real.http, "--insecure", ...config];
    return joined(startFlwr(stage, `supernode ${partition}`, flags));
  }));
  assert.deepEqual(
    await modelOf(stage, app, simulated.http),
    await modelOf(stage, app, real.http),
  );
});

scenario("simulation: an error of a node is in the run's log, with the node", async (stage) => {
  const server = `
import { Message, MetricRecord, ServerApp } from "flwr";
export const app = new ServerApp().main(async (grid) => {
  const nodes = await grid.nodeIds();
  const content = { metrics: new MetricRecord({ a: 1 }) };
  const replies = await grid.sendAndReceive(
    nodes.map((dstNodeId) => Message.create({ content, dstNodeId, messageType: "query" })),
  );
  console.log("failed:", replies.filter(({ error }) => error !== undefined).length);
});`;
  const client = `
import { ClientApp } from "flwr";
export const app = new ClientApp().query(({ content }, { nodeConfig }) => {
  if (nodeConfig.number("partition-id") === 3) throw new RangeError("no rows in table 3");
  return content;
});`;
  const files = { "server.ts": server, "client.ts": client };
  const app = await makeApp(stage.path("app"), { name: "fails", files });
  const { http } = await startSuperLink({ stage, flags: ["--simulation"] });
  const { code, all } = await flwr(
    stage,
    ["run", app, http, "--insecure", "--no-check", "--stream", "--nodes", "5"],
    { FLWR_HOME: stage.path("home") },
  );
  assert.equal(code, 0, all);
  assert.match(all, /failed: 1\n/);
  assert.match(all, /partition-id 3:\n.*RangeError: no rows in table 3/);
});

scenario("simulation: the settings of the federation last, and a run's own win", async (stage) => {
  const database = stage.path("state.db");
  const home = { FLWR_HOME: stage.path("home") };
  const flags = ["--simulation", "--database", database];
  const shown = async (http: string) => {
    const { lines } = await flwr(
      stage,
      [
        "federation",
        "list",
        http,
        "--insecure",
        "--federation",
        "@none/default",
        "--format",
        "json",
      ],
      home,
    );
    const { federation } = JSON.parse(lines.join("\n"));
    return [federation.simulation, federation["simulation-config"]["num-supernodes"]];
  };
  const first = await startSuperLink({ stage, flags });
  assert.deepEqual(await shown(first.http), [true, 2]);
  const changed = await flwr(
    stage,
    [
      ...["federation", "simulation-config", "@none/default", first.http, "--insecure"],
      ...["--num-supernodes", "4"],
    ],
    home,
  );
  assert.equal(changed.code, 0, changed.all);
  await first.process.end("SIGTERM");
  const second = await startSuperLink({ stage, flags });
  assert.deepEqual(await shown(second.http), [true, 4]);

  const app = await template(stage, "minimal");
  const runWith = async (...more: string[]) => {
    const args = ["run", app, second.http, "--insecure", "--no-check", "--stream", ...more];
    const { all } = await flwr(stage, args, home);
    return /train: \d+ of (\d+) nodes/.exec(all)?.[1];
  };
  assert.equal(await runWith(), "4");
  assert.equal(await runWith("--nodes", "3"), "3");
});

const ASKS_NODES = {
  "server.ts": `
import { Message, MetricRecord, ServerApp } from "flwr";
export const app = new ServerApp().main(async (grid) => {
  const content = { metrics: new MetricRecord({ a: 1 }) };
  const messages = [];
  for (let i = 0; i < 20; i++) {
    for (const dstNodeId of await grid.nodeIds()) {
      messages.push(Message.create({ content, dstNodeId, messageType: "query" }));
    }
  }
  const replies = await grid.sendAndReceive(messages);
  const answers = replies.filter(({ error }) => error === undefined)
    .map(({ content }) => content.configRecord("told").string("text"));
  console.log("answers:", answers.length, [...new Set(answers)].sort().join(" "));
});`,
  "client.ts": `
import { ClientApp, ConfigRecord } from "flwr";
export const app = new ClientApp().query((_, { nodeConfig }) => {
  const text = nodeConfig.number("partition-id") + nodeConfig.string("region", "") +
    nodeConfig.number("speed", 0);
  return { told: new ConfigRecord({ text }) };
});`,
};

scenario(
  "simulation: nodes have the settings of --node-table, and the faults that are set",
  async (stage) => {
    const app = await makeApp(stage.path("app"), { name: "asks", files: ASKS_NODES });
    const { http } = await startSuperLink({ stage, flags: ["--simulation"] });
    const env = { FLWR_HOME: stage.path("home") };
    const where = [http, "--insecure", "--no-check", "--stream"];
    const table = stage.path("nodes.csv");
    await Deno.writeTextFile(table, "region,speed\nnorth,1.5\nsouth,2\nwest,3\n");
    const run = (...flags: string[]) => flwr(stage, ["run", app, ...where, ...flags], env);

    const all = await run("--node-table", table, "--nodes", "3");
    assert.match(all.all, /answers: 60 0north1.5 1south2 2west3\n/);
    const none = await run("--nodes", "3");
    assert.match(none.all, /answers: 60 00 10 20\n/);

    // The number of nodes is known to the command, or only to the SuperLink.
    const configured = ["federation", "simulation-config", "@none/default", http, "--insecure"];
    const more = await flwr(
      stage,
      [...configured, "--num-supernodes", "4", "--dropout", "0.5"],
      env,
    );
    assert.equal(more.code, 0, more.all);
    assert.equal((await run("--node-table", table, "--nodes", "4")).code, 2);
    assert.notEqual((await run("--node-table", table)).code, 0);
    const listed = await flwr(stage, ["ls", http, "--insecure", "--format", "json"], env);
    assert.equal(JSON.parse(listed.lines.join("\n")).runs.length, 2);

    const answers = async (...flags: string[]) =>
      Number(/answers: (\d+)/.exec((await run("--nodes", "3", ...flags)).all)?.[1]);
    const dropped = await answers();
    assert.ok(dropped > 15 && dropped < 45, String(dropped));
    const threads = (count: number) => ["--federation-config", `init-args-num-cpus=${count}`];
    assert.equal(await answers(...threads(1)), dropped);
    assert.equal(await answers(...threads(3)), dropped);
    assert.equal(await answers("--federation-config", "dropout=1"), 0);
    assert.equal(await answers("--federation-config", "dropout=0"), 60);
  },
);

scenario(
  "simulation: flwr run starts what it needs, and that ends by itself",
  async (stage) => {
    const [port] = freePorts(1);
    const env = {
      FLWR_HOME: stage.path("home"),
      FLWR_LOCAL_SUPERLINK_HTTP_API_PORT: String(port),
      FLWR_LOCAL_SUPERLINK_IDLE_SECONDS: "5",
    };
    const app = await template(stage, "minimal");
    const run = await flwr(stage, ["run", app, "--no-check"], env);
    assert.equal(run.code, 0, run.all);
    assert.match(run.all, /\[SUMMARY\]/);
    const listed = await flwr(stage, ["ls", "--format", "json"], env);
    const { runs: [{ "run-id": runId, status }] } = JSON.parse(listed.lines.join("\n"));
    assert.equal(status, "finished:completed");
    const output = stage.path("pulled");
    assert.equal((await flwr(stage, ["pull", runId, "--output", output], env)).code, 0);
    assert.ok((await Deno.stat(`${output}/model.npz`)).size > 0);
    const isOpen = () =>
      Deno.connect({ hostname: "127.0.0.1", port: port! }).then(
        (connection) => (connection.close(), true),
        () => false,
      );
    await eventually(async () => !await isOpen(), 30, "the local SuperLink to end");
    // The next command starts it again, with its database.
    const again = await flwr(stage, ["ls", "--format", "json"], env);
    assert.equal(JSON.parse(again.lines.join("\n")).runs.length, 1);
    await eventually(async () => !await isOpen(), 30, "the local SuperLink to end again");
  },
);

scenario("simulation: a resumed run goes on with the states of its nodes", async (stage) => {
  const server = `
import { ArrayRecord, FedAvg, ServerApp, tensor } from "flwr";
export const app = new ServerApp().main(async (grid, { runConfig }) => {
  const { rounds } = await new FedAvg({ fractionEvaluate: 0 }).start(grid, {
    numRounds: 4,
    initialArrays: ArrayRecord.fromTensors({ w: tensor("float32", [1], new Float32Array(1)) }),
    evaluateFn: (round) => {
      if (round === runConfig.number("fail-in")) throw new Error("as it should");
    },
  });
  console.log("SEEN", rounds.map(({ train }) => train.metrics.number("seen")).join());
});`;
  const client = `
import { ClientApp, MetricRecord } from "flwr";
export const app = new ClientApp().train(({ content }, { state }) => {
  const seen = (state.get("counter")?.number("messages") ?? 0) + 1;
  state.set("counter", new MetricRecord({ messages: seen }));
  return {
    arrays: content.arrayRecord("arrays"),
    metrics: new MetricRecord({ "num-examples": 1, seen }),
  };
});`;
  const files = { "server.ts": server, "client.ts": client };
  const app = await makeApp(stage.path("app"), { name: "counts", files, config: "fail-in = 3" });
  const { http } = await startSuperLink({ stage, flags: ["--simulation"] });
  const env = { FLWR_HOME: stage.path("home") };
  const args = ["run", app, http, "--insecure", "--no-check", "--stream", "--nodes", "3"];
  const first = await flwr(stage, args, env);
  assert.match(first.all, /as it should/);
  const listed = await flwr(stage, ["ls", http, "--insecure", "--format", "json"], env);
  const { runs: [{ "run-id": runId }] } = JSON.parse(listed.lines.join("\n"));
  const second = await flwr(stage, [...args, "--resume", runId, "-c", "fail-in=0"], env);
  assert.match(second.all, /SEEN 1,2,3,4\n/);
});

scenario("simulation: an app in two languages is refused", async (stage) => {
  const files = { "server.ts": NO_COMPONENT, "client.py": "app = 1\n" };
  const app = await makeApp(stage.path("app"), { name: "both", files });
  const { http } = await startSuperLink({ stage, flags: ["--simulation"] });
  const args = ["run", app, http, "--insecure", "--no-check"];
  const { code, all } = await flwr(stage, args, { FLWR_HOME: stage.path("home") });
  assert.notEqual(code, 0);
  assert.match(all, /a ServerApp in TypeScript and a ClientApp in Python/);
});
