import assert from "node:assert/strict";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import { ArrayRecord } from "../array_record.ts";
import { MetricRecord } from "../metric_record.ts";
import { NdArray } from "../nd_array.ts";
import type { RecordDictInit } from "../record_dict.ts";
import { instruction } from "../testing.ts";
import type { MetricInput } from "../typed_value.ts";
import { checkReplies } from "./reply_check.ts";

const weight = tensor("float32", [2], Float32Array.of(1, 2));
const counter = tensor("float64", [], Float64Array.of(3));
const global = ArrayRecord.fromTensors({ weight, counter });

const replyOf = (content: RecordDictInit, nodeId = 5n) =>
  instruction({ dstNodeId: nodeId }).reply(content);
const check = (content: RecordDictInit, arrays: ArrayRecord | undefined = global) =>
  checkReplies([replyOf(content)], { arrays, weightedByKey: "num-examples" });
const train = (
  tensors: { [name: string]: Tensor },
  metrics: { [name: string]: MetricInput } = { "num-examples": 10 },
) => check({ arrays: ArrayRecord.fromTensors(tensors), metrics: new MetricRecord(metrics) });
const evaluate = (metrics: { [name: string]: MetricInput }) =>
  checkReplies([replyOf({ metrics: new MetricRecord(metrics) })], {
    weightedByKey: "num-examples",
  });

function reasonOf({ accepted, failures }: ReturnType<typeof checkReplies>): string {
  assert.equal(accepted.length, 0);
  assert.equal(failures.length, 1);
  assert.equal(failures[0]!.nodeId, 5n);
  return failures[0]!.reason;
}

Deno.test("a valid reply is accepted, with its arrays in the order of the global model", () => {
  const { accepted, failures } = train({ counter, weight }, { "num-examples": 10, loss: 0.5 });
  assert.deepEqual(failures, []);
  const [{ nodeId, weight: counted, tensors, metrics }] = accepted as [typeof accepted[0]];
  assert.deepEqual([nodeId, counted, metrics!.get("loss")], [5n, 10, 0.5]);
  assert.deepEqual([...tensors!.keys()], ["weight", "counter"]);
});

Deno.test("numbered arrays are matched by order", () => {
  const [reply] = train({ "0": weight, "1": counter }).accepted;
  assert.deepEqual(reply?.tensors.get("weight"), weight);
});

Deno.test("a type that averages to the same as the one sent is accepted", () => {
  const int64 = tensor("int64", [], BigInt64Array.of(3n));
  const float32 = tensor("float32", [], Float32Array.of(3));
  assert.equal(train({ weight, counter: int64 }).accepted.length, 1);
  assert.equal(train({ weight, counter: float32 }).accepted.length, 1);
});

Deno.test("real numbers of a narrower type are widened to the model's type", () => {
  const wide = ArrayRecord.fromTensors({ weight: tensor("float64", [2], Float64Array.of(1, 2)) });
  const replies = [tensor("float32", [2], Float32Array.of(0.1, 2)), weight].map((own) =>
    replyOf({
      arrays: ArrayRecord.fromTensors({ weight: own }),
      metrics: new MetricRecord({ "num-examples": 1 }),
    })
  );
  const { accepted } = checkReplies(replies, { arrays: wide, weightedByKey: "num-examples" });
  const [first] = accepted.map(({ tensors }) => tensors.get("weight")!);
  assert.equal(first!.dtype, "float64");
  assert.deepEqual([...first!.data], [Math.fround(0.1), 2]);
  const counts = replyOf({
    arrays: ArrayRecord.fromTensors({ weight: tensor("int32", [2], Int32Array.of(1, 2)) }),
    metrics: new MetricRecord({ "num-examples": 1 }),
  });
  const half = ArrayRecord.fromTensors({ weight });
  const refused = checkReplies([counts], { arrays: half, weightedByKey: "num-examples" });
  assert.match(refused.failures[0]!.reason, /has type int32, expected float32/);
});

Deno.test("arrays that are not like those sent are refused", () => {
  const double = tensor("float64", [2], Float64Array.of(1, 2));
  const matrix = tensor("float32", [1, 2], Float32Array.of(1, 2));
  const cases: [{ [name: string]: Tensor }, RegExp][] = [
    [{ weight }, /^Reply rejected: Arrays are missing: "counter"$/],
    [{ weight, counter, more: weight }, /Arrays are unknown: "more"/],
    [{ "0": weight }, /Arrays are missing: "weight", "counter"/],
    [{ weight: matrix, counter }, /Array "weight" has shape \[1,2\], expected \[2\]/],
    [{ weight: double, counter }, /Array "weight" has type float64, expected float32/],
  ];
  for (const [tensors, reason] of cases) assert.match(reasonOf(train(tensors)), reason);
});

Deno.test("arrays that are not finite are refused, with the element", () => {
  const odd = (value: number) => tensor("float32", [2], Float32Array.of(1, value));
  assert.match(
    reasonOf(train({ weight: odd(NaN), counter })),
    /"weight" is not finite: element 1 is NaN/,
  );
  assert.match(reasonOf(train({ weight: odd(-Infinity), counter })), /element 1 is -Infinity/);
});

Deno.test("bytes that are not an array are refused", () => {
  const broken = new NdArray({
    dtype: "",
    shape: [],
    stype: "numpy.ndarray",
    data: new Uint8Array(9),
  });
  const arrays = new ArrayRecord({ weight: broken, counter: broken });
  const metrics = new MetricRecord({ "num-examples": 1 });
  assert.match(reasonOf(check({ arrays, metrics })), /Array "weight": /);
});

Deno.test("a weight must exist, be a number, and not be too large", () => {
  const cases: [{ [name: string]: MetricInput }, RegExp][] = [
    [{}, /Metric "num-examples" is missing/],
    [{ "num-examples": [1] }, /is a list, expected a number/],
    [{ "num-examples": -1 }, /is -1, expected 0 to 1000000000/],
    [{ "num-examples": 2n ** 60n }, /is 1152921504606846976, expected 0 to/],
    [{ "num-examples": NaN }, /is NaN, expected/],
    [{ "num-examples": Infinity }, /is Infinity, expected/],
  ];
  for (const [metrics, reason] of cases) assert.match(reasonOf(evaluate(metrics)), reason);
  assert.equal(evaluate({ "num-examples": 0 }).accepted[0]?.weight, 0);
  assert.equal(evaluate({ "num-examples": 1e9 }).accepted.length, 1);
});

Deno.test("metrics must be finite", () => {
  assert.match(
    reasonOf(evaluate({ "num-examples": 1, loss: NaN })),
    /Metric "loss" is not finite: NaN/,
  );
  assert.match(
    reasonOf(evaluate({ "num-examples": 1, losses: [1.5, Infinity] })),
    /"losses" is not finite: Infinity/,
  );
});

Deno.test("a reply has one MetricRecord, and one ArrayRecord if a model was requested", () => {
  const metrics = new MetricRecord({ "num-examples": 1 });
  assert.match(reasonOf(check({})), /expected 1 MetricRecord, got 0/);
  assert.match(reasonOf(check({ metrics, more: metrics })), /expected 1 MetricRecord, got 2/);
  assert.match(reasonOf(check({ metrics })), /expected 1 ArrayRecord, got 0/);
  assert.match(
    reasonOf(check({ metrics, arrays: global, more: global })),
    /expected 1 ArrayRecord, got 2/,
  );
});

Deno.test("error replies are failures with their code; all lists are in the order of node ids", () => {
  const metrics = new MetricRecord({ "num-examples": 1 });
  const checked = checkReplies([
    replyOf({ metrics }, 9n),
    instruction({ dstNodeId: 8n }).replyError(2, "boom"),
    replyOf({}, 7n),
    replyOf({ metrics }, 6n),
  ], { weightedByKey: "num-examples" });
  assert.deepEqual(checked.accepted.map(({ nodeId }) => nodeId), [6n, 9n]);
  assert.deepEqual(checked.failures, [
    { nodeId: 7n, reason: "Reply rejected: expected 1 MetricRecord, got 0" },
    { nodeId: 8n, code: 2, reason: "boom" },
  ]);
});
