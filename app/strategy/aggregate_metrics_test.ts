import assert from "node:assert/strict";
import { binaryStatistics } from "../../metrics/binary.ts";
import type { StatisticsName } from "../../metrics/kinds.ts";
import { MetricRecord } from "../metric_record.ts";
import { RecordDict } from "../record_dict.ts";
import { aggregateMetrics } from "./aggregate_metrics.ts";
import type { CheckedReply } from "./contract/reply_contract.ts";

function reply(nodeId: bigint, metrics: Record<string, number | number[]>): CheckedReply {
  return {
    nodeId: nodeId as CheckedReply["nodeId"],
    weight: Number(metrics["num-examples"]),
    tensors: new Map(),
    metrics: new MetricRecord(metrics),
    content: new RecordDict(),
  };
}

const aggregate = aggregateMetrics({ statistics: { risk: "binary" }, spread: ["loss"] });

Deno.test("aggregateMetrics: means, spread, and the area under all nodes' scores together", () => {
  const first = binaryStatistics([0.1, 0.9], [0, 1], { bins: 10 }).parts("risk");
  const second = binaryStatistics([0.95, 0.2, 0.85], [0, 1, 1], { bins: 10 }).parts("risk");
  const metrics = aggregate([
    reply(1n, { "num-examples": 2, loss: 1, ...first }),
    reply(2n, { "num-examples": 3, loss: 2, ...second }),
  ], "num-examples");
  assert.equal(metrics.get("loss"), 1.6);
  assert.deepEqual(
    ["min", "median", "max"].map((part) => metrics.get(`loss-${part}`)),
    [1, 1.5, 2],
  );
  // Positives .9 .2 .85 against negatives .1 .95: .9 ties with .95 in the last bin.
  assert.ok(Math.abs(Number(metrics.get("risk-auc")) - (1.5 + 1 + 1) / 6) < 1e-12);
  assert.equal(metrics.get("risk-nodes"), 2);
  assert.deepEqual([...metrics.keys()].filter((name) => name.includes(".")), []);
});

Deno.test("aggregateMetrics leaves out a node whose statistics are malformed or of another size", () => {
  const good = () => binaryStatistics([0.1, 0.9], [0, 1], { bins: 10 }).parts("risk");
  const metrics = aggregate([
    reply(1n, { "num-examples": 2, ...binaryStatistics([0.4], [1], { bins: 2 }).parts("risk") }),
    reply(2n, { "num-examples": 2, ...good() }),
    reply(3n, { "num-examples": 2, ...good() }),
    reply(4n, { "num-examples": 2, ...good(), "risk.squares": [-1] }),
    reply(5n, { "num-examples": 2 }),
  ], "num-examples");
  assert.equal(metrics.get("risk-auc"), 1);
  assert.equal(metrics.get("risk-nodes"), 2);
});

Deno.test("aggregateMetrics: without any statistics there are none, and no error", () => {
  const metrics = aggregate([reply(1n, { "num-examples": 2, loss: 1 })], "num-examples");
  assert.equal(metrics.get("risk-nodes"), 0);
  assert.equal(metrics.get("risk-auc"), undefined);
});

Deno.test("aggregateMetrics: a node cannot claim the metrics of all, or more examples than it has", () => {
  const good = () => binaryStatistics([0.1, 0.9], [0, 1], { bins: 10 }).parts("risk");
  const many = binaryStatistics(new Array(50).fill(0.1), new Array(50).fill(1), { bins: 10 });
  const metrics = aggregate([
    reply(1n, { "num-examples": 2, ...good() }),
    reply(2n, { "num-examples": 2, ...many.parts("risk"), "risk-auc": 0.1, "risk-other": 5 }),
  ], "num-examples");
  assert.equal(metrics.get("risk-auc"), 1);
  assert.equal(metrics.get("risk-nodes"), 1);
  assert.equal(metrics.get("risk-other"), undefined);
});

Deno.test("aggregateMetrics: huge metrics stay finite", () => {
  const metrics = aggregate([
    reply(1n, { "num-examples": 1e9, loss: 1e308 }),
    reply(2n, { "num-examples": 1e9, loss: 1e308 }),
  ], "num-examples");
  assert.deepEqual([metrics.get("loss"), metrics.get("loss-median")], [1e308, 1e308]);
});

Deno.test("aggregateMetrics refuses an unknown kind of statistics at once", () => {
  assert.throws(
    () => aggregateMetrics({ statistics: { risk: "ordinal" as StatisticsName } }),
    { code: "invalid-argument" },
  );
});
