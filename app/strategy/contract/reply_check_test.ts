import assert from "node:assert/strict";
import { type Tensor, tensor } from "../../../tensor/tensor.ts";
import { ArrayRecord } from "../../array_record.ts";
import { MetricRecord } from "../../metric_record.ts";
import { NdArray } from "../../nd_array.ts";
import type { RecordDictInit } from "../../record_dict.ts";
import { instruction } from "../../testing.ts";
import type { MetricInput } from "../../typed_value.ts";
import { FlwrError } from "../../../base/error.ts";
import { checkReply, type ReplyExpectation } from "./reply_check.ts";

const weight = tensor("float32", [2], Float32Array.of(1, 2));
const counter = tensor("float64", [], Float64Array.of(3));
const global = ArrayRecord.fromTensors({ weight, counter });

const replyOf = (content: RecordDictInit) => instruction({ dstNodeId: 5n }).reply(content);

/** The accepted reply, or the reason why it is refused. */
function judge(content: RecordDictInit, options: Partial<ReplyExpectation> = {}) {
  try {
    const reply = checkReply(replyOf(content), { weightedByKey: "num-examples", ...options });
    return { accepted: [reply], reason: undefined };
  } catch (error) {
    if (!(error instanceof FlwrError)) throw error;
    return { accepted: [], reason: error.message };
  }
}
const check = (content: RecordDictInit, options: Partial<ReplyExpectation> = {}) =>
  judge(content, { sent: global.viewTensors(), ...options });
const train = (
  tensors: { [name: string]: Tensor },
  metrics: { [name: string]: MetricInput } = { "num-examples": 10 },
  options: Partial<ReplyExpectation> = {},
) =>
  check({ arrays: ArrayRecord.fromTensors(tensors), metrics: new MetricRecord(metrics) }, options);
const evaluate = (metrics: { [name: string]: MetricInput }) =>
  judge({ metrics: new MetricRecord(metrics) });

function reasonOf({ accepted, reason }: ReturnType<typeof judge>): string {
  assert.equal(accepted.length, 0);
  return reason!;
}

Deno.test("a valid reply is accepted, with its arrays in the order of the global model", () => {
  const { accepted } = train({ counter, weight }, { "num-examples": 10, loss: 0.5 });
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

Deno.test("arrays that are not like those sent are refused", () => {
  const double = tensor("float64", [2], Float64Array.of(1, 2));
  const matrix = tensor("float32", [1, 2], Float32Array.of(1, 2));
  const cases: [{ [name: string]: Tensor }, RegExp][] = [
    [{ weight }, /^Arrays are missing: "counter"$/],
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

Deno.test("floats of another width are converted on request, and checked after that", () => {
  const double = tensor("float64", [2], Float64Array.of(1, 2 ** -60));
  const [reply] = train({ weight: double, counter }, undefined, { convertFloats: true }).accepted;
  assert.deepEqual(reply!.tensors.get("weight"), {
    ...tensor("float32", [2], Float32Array.of(1, 2 ** -60)),
  });
  const large = tensor("float64", [2], Float64Array.of(1, 1e39));
  const refused = train({ weight: large, counter }, undefined, { convertFloats: true });
  assert.match(reasonOf(refused), /"weight" is not finite: element 1 is Infinity/);
  const whole = tensor("int64", [2], BigInt64Array.of(1n, 2n));
  const integers = train({ weight: whole, counter }, undefined, { convertFloats: true });
  assert.match(reasonOf(integers), /has type int64/);
});

Deno.test("a contract can ask for some arrays: those that a predicate accepts, or any", () => {
  const head = (name: string) => name === "weight";
  assert.equal(train({ weight }, undefined, { arrays: head }).accepted.length, 1);
  assert.match(
    reasonOf(train({ weight, counter }, undefined, { arrays: head })),
    /unknown: "counter"/,
  );
  assert.match(reasonOf(train({ counter }, undefined, { arrays: head })), /missing: "weight"/);
  const [some] = train({ counter }, undefined, { arrays: "any" }).accepted;
  assert.deepEqual([...some!.tensors.keys()], ["counter"]);
  assert.match(reasonOf(train({}, undefined, { arrays: "any" })), /no arrays/);
});

Deno.test("with the name of the model's record, a reply may contain further records", () => {
  const metrics = new MetricRecord({ "num-examples": 1 });
  const control = ArrayRecord.fromTensors({ weight });
  const content = { arrays: global, control, metrics };
  const [reply] = check(content, { arrayrecordKey: "arrays" }).accepted;
  assert.deepEqual([...reply!.tensors.keys()], ["weight", "counter"]);
  assert.equal(reply!.content.arrayRecord("control"), control);
  const missing = check({ control, metrics }, { arrayrecordKey: "arrays" });
  assert.match(reasonOf(missing), /ArrayRecord "arrays" is missing/);
});
