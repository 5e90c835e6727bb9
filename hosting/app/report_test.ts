import assert from "node:assert/strict";
import { ArrayRecord } from "../../app/array_record.ts";
import type { ProgressEvent, ProgressListener } from "../../app/events.ts";
import type { Grid } from "../../app/grid.ts";
import { MetricRecord } from "../../app/metric_record.ts";
import { type PhaseRecord, Result } from "../../app/result.ts";
import { NodeLabels } from "../../base/node_labels.ts";
import { FlwrError } from "../../base/error.ts";
import { formatBytes, formatSeconds } from "../../base/readable.ts";
import { formatMetric } from "./metrics_text.ts";
import { coloursIf } from "../../roles/output/colours.ts";
import { styledLine } from "../../roles/output/line_style.ts";
import { RunReport } from "./report.ts";

const TRAIN: PhaseRecord = {
  phase: "train",
  nodeIds: [1n, 2n ** 63n],
  available: 3,
  results: [1n],
  failures: [{ nodeId: 2n ** 63n, reason: 'array "w" has NaN' }],
  metrics: new MetricRecord({ loss: 0.123456789, accuracy: 0.5 }),
  aggregated: true,
  seconds: 1.5,
};

function reporting(
  names: ReadonlyMap<bigint, string> = new Map(),
): { report: RunReport; tell: (event: ProgressEvent) => void; lines: string[] } {
  const lines: string[] = [];
  const report = new RunReport((line) => lines.push(line));
  let listener: ProgressListener = () => {};
  const labels = new NodeLabels();
  names.forEach((name, nodeId) => labels.set(nodeId, name));
  const grid = {
    runId: 7n,
    nodeName: (nodeId: bigint) => labels.nameOf(nodeId),
    nodeLabel: (nodeId: bigint) => labels.of(nodeId),
    subscribe: (hear: ProgressListener) => {
      listener = hear;
      return () => true;
    },
  };
  report.follow(grid as unknown as Grid);
  return { report, tell: (event) => listener(event), lines };
}

Deno.test("rounds, failures and metrics are printed as they arrive", () => {
  const { tell, lines } = reporting();
  tell({ type: "round-started", round: 2, numRounds: 3 });
  tell({ type: "phase-started", phase: "train", round: 2, nodeIds: [1n, 2n], available: 3 });
  tell({
    type: "reply",
    messageType: "train",
    groupId: "2",
    nodeId: 2n,
    messageId: "x",
    seconds: 12.34,
    error: { code: 2, reason: "no data" },
  });
  tell({ type: "phase-finished", round: 2, phase: TRAIN });
  const text = lines.join("\n");
  assert.match(text, /\[ROUND 2\/3\]/);
  assert.match(text, /train: 2 of 3 nodes/);
  assert.match(text, /node 2 failed after 12\.3 s: no data/);
  assert.match(text, /1 result, 1 failure, 1\.50 s/);
  assert.match(text, /rejected the reply of node 9223372036854775808: array "w" has NaN/);
  assert.match(text, /loss=0\.1234568 accuracy=0\.5/);
});

Deno.test("the privacy loss is printed with what it rests on, and why a run stopped", () => {
  const { tell, lines } = reporting();
  const privacy = {
    epsilon: 1.23456,
    delta: 1e-5,
    unit: "node",
    neighboringRelation: "add-or-remove-one",
    samplingMethod: "no-amplification",
    accountingMethod: "rdp",
  } as const;
  tell({ type: "privacy-spent", round: 1, privacy });
  tell({ type: "stopped-early", round: 1, numRounds: 3, reason: "Privacy budget: spent" });
  const [first, , last] = lines.slice(1);
  for (const part of ["1.235", "0.00001", "node", "add-or-remove-one", "no-amplification", "rdp"]) {
    assert.ok(first!.includes(part), `${first} has ${part}`);
  }
  assert.ok(last!.includes("round 1 of 3") && last!.includes("Privacy budget: spent"));
});

Deno.test("a node's text cannot forge a line or control the terminal", () => {
  const { tell, lines } = reporting();
  const failure = { nodeId: 1n, reason: "x\n[SUMMARY]\u001b[2J" };
  tell({ type: "phase-finished", round: 1, phase: { ...TRAIN, failures: [failure] } });
  const metrics = new MetricRecord({ "a\nb": 1 });
  tell({ type: "server-evaluated", round: 1, metrics, seconds: 1 });
  assert.ok(lines.every((line) => !line.includes("\n") && !line.includes("\u001b")));
  assert.ok(lines.some((line) => line.includes("x\\n[SUMMARY]\\u001b[2J")));
});

Deno.test("a finished run prints a table, and its JSON history has ids as text", () => {
  const { report, tell, lines } = reporting();
  const rounds = [{ round: 1, train: TRAIN, seconds: 2 }];
  const result = new Result({ arrays: new ArrayRecord(), rounds, seconds: 2 });
  tell({ type: "strategy-finished", result });
  report.finished();
  const at = lines.indexOf("[SUMMARY]");
  assert.deepEqual(lines.slice(at + 1), [
    "Run finished 1 round in 2.00 s",
    "",
    "train         loss  accuracy",
    "round 1  0.1234568       0.5",
    "",
    "Nodes with failures:",
    '  node 9223372036854775808: trained in 0 of 1 round. Last error in round 1 (train): array "w" has NaN',
  ]);
  const json = JSON.parse(JSON.stringify(report.toJson()));
  assert.equal(json["run-id"], "7");
  assert.equal(json.success, true);
  assert.deepEqual(json.histories[0].rounds[0].train["node-ids"], ["1", "9223372036854775808"]);
});

Deno.test("a failed run says so in its JSON", () => {
  const { report } = reporting();
  report.failed(new FlwrError("cancelled", "The run was stopped"));
  assert.deepEqual(report.toJson(), {
    "run-id": "7",
    success: false,
    error: "The run was stopped",
    histories: [],
  });
});

Deno.test("numbers are printed with units and rounding", () => {
  assert.deepEqual([0.534, 9.999, 12.34, 59.97, 75.4, 3599.7, 7500].map(formatSeconds), [
    "0.53 s",
    "10.0 s",
    "12.3 s",
    "1 min 0 s",
    "1 min 15 s",
    "1 h 0 min",
    "2 h 5 min",
  ]);
  assert.deepEqual([0, 999, 249_800, 2e12].map(formatBytes), [
    "0 B",
    "999 B",
    "249.8 kB",
    "2.0 TB",
  ]);
  assert.equal(formatMetric(1 / 3), "0.3333333");
  assert.equal(formatMetric(2n ** 60n), "1152921504606846976");
  assert.equal(formatMetric([1, 0.5]), "[1, 0.5]");
});

Deno.test("nodes are printed by name, and by name and id if names are not unique", () => {
  const names = new Map([[1n, "hospital-a"], [2n, "hospital-b"], [2n ** 63n, "hospital-b"]]);
  const { report, tell, lines } = reporting(names);
  const reply = { type: "reply", messageType: "train", groupId: "1", messageId: "x" } as const;
  tell({ ...reply, nodeId: 1n, seconds: 1 });
  tell({ ...reply, nodeId: 2n, seconds: 1, error: { code: 2, reason: "no data" } });
  tell({ ...reply, nodeId: 5n, seconds: 1 });
  tell({ type: "waiting-for-replies", nodeIds: [1n, 2n], sent: 3, seconds: 9 });
  const rounds = [{ round: 1, train: TRAIN, seconds: 2 }];
  tell({
    type: "strategy-finished",
    result: new Result({ arrays: new ArrayRecord(), rounds, seconds: 2 }),
  });
  report.finished();
  const text = lines.join("\n");
  assert.match(text, /node hospital-a replied/);
  assert.match(text, /node hospital-b \(2\) failed after .*: no data/);
  assert.match(text, /node 5 replied/);
  assert.match(text, /waiting for .*: node hospital-a, node hospital-b \(2\)/);
  assert.match(text, /node hospital-b \(9223372036854775808\): trained in 0 of 1 round/);
  assert.match(report.incomplete, /node hospital-b \(9223372036854775808\)/);
  const [history] = JSON.parse(JSON.stringify(report.toJson())).histories;
  assert.deepEqual(history.nodes.map((node: { name: string }) => node.name), [
    "hospital-a",
    "hospital-b",
  ]);
  assert.equal(history.rounds[0].train.failures[0].name, "hospital-b");
});

Deno.test("failures are red, warnings yellow, headings bold, and all other lines plain", () => {
  const names = new Map([[1n, "Klinik Süd"], [2n, "hospital-b"]]);
  const { report, tell, lines } = reporting(names);
  const styles = () =>
    lines.splice(0).map((line) =>
      styledLine(line, coloursIf(true)).split("\x1b[")[1]?.split("m")[0] ?? ""
    );
  const reply = { type: "reply", messageType: "train", groupId: "1", messageId: "x" } as const;
  tell({ type: "round-started", round: 2, numRounds: 3 });
  assert.deepEqual(styles(), ["", "", "1"], "the run, a gap, the round");
  tell({ ...reply, nodeId: 2n, seconds: 1 });
  tell({ ...reply, nodeId: 1n, seconds: 75, error: { code: 2, reason: "no data" } });
  assert.deepEqual(styles(), ["", "31"]);
  tell({ type: "waiting-for-nodes", online: 1, needed: 2, seconds: 0 });
  tell({ type: "waiting-for-replies", nodeIds: [1n], sent: 3, seconds: 9 });
  assert.deepEqual(styles(), ["33", "33"]);
  tell({ type: "phase-finished", round: 2, phase: TRAIN });
  assert.deepEqual(styles(), ["33", "31", ""]);
  tell({ type: "phase-finished", round: 2, phase: { ...TRAIN, failures: [] } });
  assert.deepEqual(styles(), ["", ""]);
  const rounds = [{ round: 1, train: TRAIN, seconds: 2 }];
  tell({
    type: "strategy-finished",
    result: new Result({ arrays: new ArrayRecord(), rounds, seconds: 2 }),
  });
  report.finished();
  assert.deepEqual(styles(), ["", "1", "", "", "", "", "", "1", "31"]);
});
