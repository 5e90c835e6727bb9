/** Nodes are called by their names wherever a person reads of them, and each failure is told once. */
import assert from "node:assert/strict";
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

/** Lines that match, in order. */
function matching(lines: readonly string[], pattern: RegExp): string[] {
  return lines.filter((line) => pattern.test(line));
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
  const failed = matching(run.lines, /^ {4}node hospital-b failed after /);
  const phases = matching(run.lines, /^ {2}(train|evaluate): .* [1-9]\d* failures?/);
  assert.equal(failed.length, phases.length, "each failure is told once while it happens");
  assert.ok(failed.length >= 2);
  assert.ok(matching(run.lines, /^ {4}node hospital-a replied after /).length >= 2);
  const end = run.lines.slice(run.lines.indexOf("[SUMMARY]"));
  const told = matching(end, /the node's log has the text/);
  assert.equal(told.length, 1, "and once at the end");
  assert.match(told[0]!, /^ {2}node hospital-b: trained in 0 of 2 rounds/);
  assert.equal(matching(end, /contributed nothing: node hospital-b/).length, 1);
  for (const id of ids) assert.deepEqual(matching(run.lines, new RegExp(id)), []);

  const { histories: [history] } = JSON.parse(await Deno.readTextFile(json));
  const named = history.nodes.map((node: Record<string, string>) => [node["node-id"], node.name]);
  assert.deepEqual(new Map(named), new Map([[ids[0], "hospital-a"], [ids[1], "hospital-b"]]));
  assert.equal(history.rounds[0].train.failures[0].name, "hospital-b");

  const log = superlink.process.lines;
  assert.equal(matching(log, new RegExp(`Node ${ids[0]} joined as hospital-a$`)).length, 1);
  assert.equal(matching(log, new RegExp(`Node ${ids[1]} joined as hospital-b$`)).length, 1);
  const instructions = matching(log, /Instruction .* (handed out|answered)$/);
  assert.ok(instructions.length > 0);
  for (const line of instructions) assert.match(line, /node hospital-[ab]\)/);
  assert.equal(matching(good.lines, /joined .* as hospital-a$/).length, 1);
});

const SERVER = `import { ArrayRecord, FedAvg, NdArray, ServerApp, tensor } from "flwr";
export const app = new ServerApp().main(async (grid) => {
  const initialArrays = new ArrayRecord({ w: NdArray.fromTensor(tensor("float32", [1], Float32Array.of(1))) });
  await new FedAvg({ fractionEvaluate: 0 }).start(grid, { numRounds: 2, initialArrays });
  const names = (await grid.nodeIds()).map((id) => grid.nodeName(id));
  console.log("names", names.sort().join(" "));
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
    const lines = run.lines.map((line) => line.replace(/^\S+T\S+Z /, ""));
    assert.equal(matching(lines, /^ {4}node hospital-a replied after /).length, 2);
    assert.equal(matching(lines, /^ {4}node "Klinik Süd" failed after /).length, 2);
    assert.equal(
      matching(lines, /^ {2}node "Klinik Süd": trained in 0 of 2 rounds/).length,
      1,
    );
    assert.equal(matching(lines, /^names Klinik Süd hospital-a$/).length, 1);
    for (const id of ids) assert.deepEqual(matching(lines, new RegExp(id)), []);
  },
);
