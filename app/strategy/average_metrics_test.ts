import assert from "node:assert/strict";
import vectors from "../../tests/vectors/flwr-1.9-fedavg/fedavg.json" with { type: "json" };
import { MetricRecord } from "../metric_record.ts";
import type { MetricInput } from "../typed_value.ts";
import { averageMetrics } from "./average_metrics.ts";

const weighed = (weight: number, metrics: { [name: string]: MetricInput }) => ({
  weight,
  metrics: new MetricRecord({ "num-examples": weight, ...metrics }),
});

Deno.test("the loss is Flower 1.9's weighted average", () => {
  for (const { results, out } of vectors.weighted_loss_avg) {
    const replies = results.map(([weight, loss]) => weighed(weight!, { loss: loss! }));
    assert.equal(averageMetrics(replies, "num-examples").get("loss"), out);
  }
});

Deno.test("metrics are averaged by weight, as doubles; the weight itself is left out", () => {
  // (1·4 + 3·8) / 4 = 7; lists: (1·1 + 3·5) / 4 = 4 and (1·2 + 3·2) / 4 = 2
  const average = averageMetrics(
    [weighed(1, { a: 4, list: [1, 2] }), weighed(3, { a: 8n, list: [5, 2] })],
    "num-examples",
  );
  assert.deepEqual(average.toObject(), { a: 7, list: [4, 2] });
  assert.equal(average.typed("a")?.type, "double");
});

Deno.test("a metric of some replies is averaged over those", () => {
  // (1·4 + 2·7) / 3 = 6
  const replies = [weighed(1, { a: 4 }), weighed(5, {}), weighed(2, { a: 7 })];
  assert.equal(averageMetrics(replies, "num-examples").get("a"), 6);
});

Deno.test("metrics without an average are left out", () => {
  const lists = [weighed(1, { a: [1, 2], b: 1, c: 1 }), weighed(1, { a: [1], b: [1], c: 3 })];
  assert.deepEqual(averageMetrics(lists, "num-examples").toObject(), { c: 2 });
  const weightless = [weighed(0, { a: 1 }), weighed(1, { b: 2 })];
  assert.deepEqual(averageMetrics(weightless, "num-examples").toObject(), { b: 2 });
});
