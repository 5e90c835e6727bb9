import assert from "node:assert/strict";
import { NodeLabels } from "../../../base/node_labels.ts";
import type { RunRound } from "../../../entities/run_rounds.ts";
import { type MetricRow, metricRows } from "./metric_rows.ts";
import { metricCsv, metricTable } from "./metric_text.ts";
import { writeTensorBoard } from "./tensorboard.ts";
import { coloursIf } from "../../output/colours.ts";

const ROUND: RunRound = {
  strategy: 1,
  round: 1,
  at: 12,
  seconds: 3,
  train: {
    phase: "train",
    at: 11,
    seconds: 2,
    metrics: { loss: 0.123456 },
    nodes: [
      { nodeId: 5n, at: 10, metrics: { loss: "NaN" } },
      { nodeId: 6n, at: 11, error: { code: 1, reason: "no data" } },
    ],
  },
  server: { accuracy: 0.5 },
};

function labelsOf(names: Record<string, string>): NodeLabels {
  const labels = new NodeLabels();
  for (const [nodeId, name] of Object.entries(names)) labels.set(BigInt(nodeId), name);
  return labels;
}

Deno.test("metrics: a round's numbers have their source, node and time", () => {
  const common = { strategy: 1, round: 1 };
  assert.deepEqual(metricRows([ROUND]), [
    { ...common, source: "train", metric: "loss", value: 0.123456, at: 11 },
    { ...common, source: "train", nodeId: 5n, metric: "loss", value: "NaN", at: 10 },
    { ...common, source: "server", metric: "accuracy", value: 0.5, at: 12 },
    { ...common, source: "time", metric: "train", value: 2, at: 11 },
    { ...common, source: "time", metric: "round", value: 3, at: 12 },
  ]);
});

Deno.test("metrics: CSV has names that spreadsheets do not take for formulas, and numbers as they are", () => {
  const rows: MetricRow[] = [
    { strategy: 1, round: 2, source: "train", nodeId: 5n, metric: "=1+1", value: -0.5, at: 0 },
    { strategy: 1, round: 2, source: "train", metric: 'a,"b"\u001b[31m', value: 1e-9, at: 0 },
  ];
  assert.deepEqual(metricCsv(rows, labelsOf({ 5: "@hospital" })).split("\n"), [
    "strategy,round,source,node-id,node,metric,value,time",
    "1,2,train,5,'@hospital,'=1+1,-0.5,1970-01-01T00:00:00.000Z",
    '1,2,train,,,"a,""b""\\u001b[31m",1e-9,1970-01-01T00:00:00.000Z',
  ]);
});

Deno.test("metrics: a table has a line for each round, and if wanted for each node", () => {
  const screen = { colours: coloursIf(false), width: 200 };
  const cells = (ofNodes: boolean) =>
    metricTable(metricRows([ROUND]), labelsOf({ 5: "hospital-a" }), screen, ofNodes)
      .map((line) => line.trim().split(/ {2,}/));
  assert.deepEqual(cells(false), [
    ["ROUND", "train/loss", "server/accuracy", "time/train", "time/round"],
    ["1", "0.1235", "0.5", "2 s", "3 s"],
  ]);
  assert.deepEqual(cells(true).map(([, node, loss]) => [node, loss]), [
    ["NODE", "train/loss"],
    ["(all)", "0.1235"],
    ["hospital-a", "NaN"],
  ]);
});

Deno.test("metrics: TensorBoard gets a folder for the run and one for each node, whatever its name", async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, expected] of [["hospital-a", "hospital-a"], ["../../etc", "5"]] as const) {
      const run = await writeTensorBoard(folder, 7n, metricRows([ROUND]), labelsOf({ 5: name }));
      assert.equal(run, `${folder}/run-7`);
      const file = "events.out.tfevents.11.flwr.0.0";
      const { size } = await Deno.stat(`${run}/${file}`);
      assert.ok(size > 100);
      assert.ok((await Deno.stat(`${run}/${expected}/${file}`)).isFile);
      assert.deepEqual([...Deno.readDirSync(folder)].map(({ name }) => name), ["run-7"]);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
