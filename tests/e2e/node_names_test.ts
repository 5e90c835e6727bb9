/** Nodes are called by their names wherever a person reads of them, and each failure is told once. */
import assert from "node:assert/strict";
import type { HistoryJson, PhaseJson } from "../../app/strategy/history_json.ts";
import { makeCredentials } from "../support/credentials.ts";
import {
  joined,
  startFlwr,
  startServerApp,
  startSuperLink,
  startSuperNode,
} from "../support/flwr.ts";
import { makeApp } from "../support/make_app.ts";
import { scenario } from "../support/stage.ts";

/** The phases of all rounds of a history. */
function phasesOf({ rounds }: HistoryJson): PhaseJson[] {
  return rounds.flatMap(({ train, evaluate }) => [train, evaluate]).filter((phase) => !!phase);
}

scenario("names: of two named nodes one fails every round", async (stage) => {
  const credentials = await makeCredentials(stage.folder.path);
  // The owner's list of keys names the second node, and counts before what the node says of itself.
  const list = await Deno.readTextFile(credentials.keyList);
  const cells = list.trim().split(/[,\n]/).map((cell) => cell.trim().replace(/^"|"$/g, "").trim());
  await Deno.writeTextFile(credentials.keyList, `${cells[0]}\n${cells[1]} hospital-b\n`);
  const superlink = await startSuperLink({ stage, credentials });
  const { driver, fleet } = superlink;
  const start = (node: number, name: string, config = "") =>
    startSuperNode({ stage, credentials, fleet, node, config, flags: ["--name", name] });
  const [good, failing] = [
    start(1, "hospital-a"),
    start(2, "says-so-itself", "fail-always=1"),
  ];
  const ids = await Promise.all([good, failing].map(joined));
  const json = stage.path("history.json");
  const run = startServerApp({
    ...{ stage, credentials, driver, result: stage.path("result.json"), rounds: 2 },
    flags: ["--json", json],
  });
  const { code } = await run.ended(60);

  assert.equal(code, 3, "a node contributed to no round");
  const { histories: [history] } = JSON.parse(await Deno.readTextFile(json));
  const named = history.nodes.map((node: Record<string, string>) => [node["node-id"], node.name]);
  assert.deepEqual(new Map(named), new Map([[ids[0], "hospital-a"], [ids[1], "hospital-b"]]));
  const phases = phasesOf(history);
  const failures = phases.flatMap(({ failures }) => failures);
  assert.ok(failures.length >= 2);
  assert.ok(failures.every(({ name }) => name === "hospital-b"));
  assert.ok(phases.filter(({ results }) => results.includes(ids[0]!)).length >= 2);
  const shown = run.lines.filter((line) =>
    line.includes("hospital-b") && line.includes(failures[0]!.reason)
  );
  const times = failures.length + 1;
  assert.equal(
    shown.length,
    times,
    "each failure is shown once when it happens, the last at the end",
  );
  assert.ok(run.lines.some((line) => line.includes("hospital-a")));
  for (const id of ids) assert.ok(!run.lines.some((line) => line.includes(id)));

  const joins = superlink.process.records.filter(({ event }) => event === "node-joined");
  assert.deepEqual(
    new Map(joins.map(({ fields }) => [fields["nodeId"], fields["name"]])),
    new Map(named),
  );
  const instructions = superlink.process.records.filter(({ event }) =>
    event === "instruction-handed-out" || event === "instruction-answered"
  );
  assert.ok(instructions.length > 0);
  for (const { message, fields } of instructions) {
    assert.match(String(fields["node"]), /^hospital-[ab]$/);
    assert.ok(message.includes(String(fields["node"])));
  }
  const [own] = good.records.filter(({ event }) => event === "joined");
  assert.equal(own!.fields["name"], "hospital-a");

  const runId = JSON.parse(await Deno.readTextFile(json))["run-id"];
  const where = [superlink.http, "--root-certificates", credentials.caCertificate, "--format"];
  const asked = async (...args: string[]) => {
    const process = startFlwr(stage, `flwr ${args[0]}`, args, { FLWR_HOME: stage.path("home") });
    assert.equal((await process.exit).code, 0, process.lines.join("\n"));
    return process.stdoutLines;
  };
  const listed = JSON.parse((await asked("ls", ...where, "json", "--run-id", runId)).join("\n"));
  const shares = new Map(
    listed.runs[0].nodes.map((node: Record<string, unknown>) => [node["node"], node]),
  ) as Map<string, Record<string, unknown>>;
  assert.deepEqual(
    ["hospital-a", "hospital-b"].map((name) => shares.get(name)!["rounds-contributed"]),
    [2, 0],
  );
  assert.deepEqual(
    ["hospital-a", "hospital-b"].map((name) => shares.get(name)!["train"]),
    [{ asked: 2, contributed: 2 }, { asked: 2, contributed: 0 }],
  );
  assert.notEqual(shares.get("hospital-b")!["last-error"], null);
  const [head, ...rows] = (await asked("metrics", runId, ...where, "csv")).map((line) =>
    line.split(",")
  );
  assert.deepEqual(head!.slice(0, 6), [
    ...["strategy", "round", "source", "node-id", "node", "metric"],
  ]);
  const losses = rows.filter(([, , source, , , metric]) =>
    source === "evaluate" && metric === "loss"
  );
  // The aggregate and the node's own number of each round, which are the same.
  assert.deepEqual(losses.map(([, round, , , name]) => [round, name]), [
    ["1", ""],
    ["1", "hospital-a"],
    ["2", ""],
    ["2", "hospital-a"],
  ]);
  assert.equal(losses[0]![6], losses[1]![6]);
});

const SERVER = `import { ArrayRecord, FedAvg, NdArray, ServerApp, tensor } from "flwr";
export const app = new ServerApp().main(async (grid) => {
  const initialArrays = new ArrayRecord({ w: NdArray.fromTensor(tensor("float32", [1], Float32Array.of(1))) });
  await new FedAvg({ fractionEvaluate: 0 }).start(grid, { numRounds: 2, initialArrays });
  const names = (await grid.nodeIds()).map((id) => grid.nodeName(id));
  console.log("names of nodes: " + names.sort().join(" "));
});
`;
const CLIENT = `import { ClientApp, MetricRecord } from "flwr";
export const app = new ClientApp().train(({ content }, { nodeConfig }) => {
  if (nodeConfig.number("partition-id") === 1) throw new Error("no data");
  const metrics = new MetricRecord({ "num-examples": 1 });
  return { arrays: content.arrayRecord("arrays"), metrics };
});
`;

scenario(
  "names: a submitted app's log has the names of nodes, and its app can ask for them",
  async (stage) => {
    const { http } = await startSuperLink({ stage });
    const nodes = ["hospital-a", "Klinik Süd"].map((name, partition) =>
      startFlwr(stage, name, [
        ...["supernode", "--superlink", http, "--insecure", "--name", name],
        ...["--node-config", `partition-id=${partition}`],
      ], { FLWR_HOME: stage.path(`home-${partition}`) })
    );
    const ids = await Promise.all(nodes.map(joined));
    const files = { "server.ts": SERVER, "client.ts": CLIENT };
    const folder = await makeApp(stage.path("app"), { name: "named", files });
    const run = startFlwr(stage, "run", [
      "run",
      folder,
      http,
      "--insecure",
      "--stream",
      "--no-check",
    ], {
      FLWR_HOME: stage.path("home"),
    });
    assert.equal((await run.ended(90)).code, 3);
    const own = run.lines.filter((line) => line.includes("names of nodes: "));
    assert.deepEqual(own.map((line) => line.split(": ").at(-1)), ["Klinik Süd hospital-a"]);
    const naming = (name: string) => run.lines.filter((line) => line.includes(name)).length;
    assert.ok(naming("node hospital-a") >= 2, "for each reply");
    assert.ok(naming('node "Klinik Süd"') >= 3, "for each failure, and at the end");
    for (const id of ids) assert.equal(naming(id), 0);
  },
);
