import assert from "node:assert/strict";
import { tensor } from "../tensor/tensor.ts";
import { ArrayRecord } from "./array_record.ts";
import { ConfigRecord } from "./config_record.ts";
import { float } from "./float.ts";
import { MetricRecord } from "./metric_record.ts";
import { NdArray } from "./nd_array.ts";
import { RecordDict } from "./record_dict.ts";

const weights = tensor("float32", [2, 1], new Float32Array([1.5, -2]));

Deno.test("NdArray serialises a tensor as a .npy file and restores it", () => {
  const array = NdArray.fromTensor(weights);
  assert.equal(array.dtype, "float32");
  assert.equal(array.stype, "numpy.ndarray");
  assert.deepEqual(array.shape, [2, 1]);
  assert.equal(array.data.length, 128 + 8);
  assert.deepEqual(array.toTensor(), weights);
});

Deno.test("NdArray.toTensor gives a tensor that may be changed without changing the record", () => {
  const array = NdArray.fromTensor(weights);
  (array.toTensor().data as Float32Array).fill(0);
  assert.deepEqual(array.toTensor(), weights);
});

Deno.test("NdArray without a dtype accepts any bytes; with one its bytes must match", () => {
  const { data, stype } = NdArray.fromTensor(weights);
  const silent = new NdArray({ dtype: "", shape: [], stype, data });
  assert.deepEqual(silent.toTensor(), weights);
  const lies: [Partial<NdArray>, RegExp][] = [
    [{ dtype: "float64" }, /declares dtype "float64" but its bytes have float32/],
    [{ shape: [1, 2] }, /declares shape \[1,2\] but its bytes have \[2,1\]/],
    [{ shape: [] }, /declares shape \[\] but its bytes have \[2,1\]/],
    [{ stype: "pickle" }, /serialised as "pickle": expected "numpy.ndarray"/],
  ];
  for (const [lie, message] of lies) {
    const fields = { dtype: "float32", shape: [2, 1], stype, data, ...lie };
    assert.throws(() => new NdArray(fields).toTensor(), message);
  }
});

Deno.test("ArrayRecord keeps order, counts bytes, and names a damaged array", () => {
  const record = ArrayRecord.fromTensors(new Map([["b", weights], ["a", weights]]));
  assert.deepEqual([...record.keys()], ["b", "a"]);
  assert.equal(record.byteLength, 2 * 136);
  assert.deepEqual(record.tensors().get("a"), weights);
  record.set(
    "c",
    new NdArray({ dtype: "", shape: [], stype: "numpy.ndarray", data: new Uint8Array() }),
  );
  assert.throws(() => record.tensors(), /Array "c": /);
});

Deno.test("ArrayRecord.withNames renames in order and needs as many unique names", () => {
  const record = ArrayRecord.fromTensors({ "0": weights, "1": weights });
  const named = record.withNames(["weight", "bias"]);
  assert.deepEqual([...named.keys()], ["weight", "bias"]);
  assert.equal(named.get("bias"), record.get("1"));
  assert.throws(() => record.withNames(["weight"]), /Renaming 2 arrays.*got 1/);
  assert.throws(() => record.withNames(["weight", "weight"]), /got 1/);
});

Deno.test("ArrayRecord refuses a tensor and says how to add one", () => {
  const error = catchError(() => new ArrayRecord({ w: weights as unknown as NdArray }));
  assert.match(error.message, /"w": An ArrayRecord contains NdArrays only: got Object/);
  assert.deepEqual(error.hints, ["Use ArrayRecord.fromTensors for tensors"]);
});

Deno.test("MetricRecord keeps the wire type of its values", () => {
  const metrics = new MetricRecord({ "num-examples": 10, loss: 0.5, accuracy: float(1) });
  assert.deepEqual([...metrics.typedEntries()], [
    ["num-examples", { type: "sint64", value: 10n }],
    ["loss", { type: "double", value: 0.5 }],
    ["accuracy", { type: "double", value: 1 }],
  ]);
  assert.deepEqual(metrics.toObject(), { "num-examples": 10, loss: 0.5, accuracy: 1 });
  assert.equal(metrics.number("accuracy"), 1);
});

Deno.test("MetricRecord accepts numbers only, typed or not", () => {
  const metrics = new MetricRecord();
  assert.throws(() => metrics.set("x", "1" as unknown as number), /Value "x": A metric must be/);
  const text = { type: "string", value: "1" } as unknown as { type: "double"; value: number };
  assert.throws(() => metrics.setTyped("x", text), /cannot contain: "string"/);
  assert.throws(
    () => metrics.set(1 as unknown as string, 1),
    /A name must be a string: got number/,
  );
});

Deno.test("ConfigRecord's typed getters convert, fall back, or throw", () => {
  const config = new ConfigRecord({
    lr: 0.1,
    big: 2n ** 60n,
    ok: true,
    name: "x",
    raw: new Uint8Array(1),
  });
  assert.equal(config.number("lr"), 0.1);
  assert.equal(config.number("big"), 2 ** 60);
  assert.equal(config.boolean("ok"), true);
  assert.equal(config.string("name"), "x");
  assert.equal(config.bytes("raw").length, 1);
  assert.equal(config.number("epochs", 3), 3);
  assert.equal(config.boolean("shuffle", false), false);
  assert.throws(() => config.number("name"), /Value "name" is not a number: got string/);
  assert.throws(() => config.string("lr", "y"), /Value "lr" is not a string: got number/);
  assert.throws(
    () => new ConfigRecord({ a: 1 }).number("b"),
    /"b" is not in the record, which has: "a"/,
  );
});

Deno.test("a name like __proto__ is a name like any other", () => {
  const config = new ConfigRecord([["__proto__", 1]]);
  assert.deepEqual(Object.keys(config.toObject()), ["__proto__"]);
});

Deno.test("RecordDict returns its records by type and by name", () => {
  const arrays = new ArrayRecord();
  const metrics = new MetricRecord();
  const config = new ConfigRecord();
  const dict = new RecordDict({ arrays, metrics, config });
  assert.deepEqual([...dict.arrayRecords], [["arrays", arrays]]);
  assert.deepEqual([...dict.metricRecords], [["metrics", metrics]]);
  assert.deepEqual([...dict.configRecords], [["config", config]]);
  assert.equal(dict.arrayRecord("arrays"), arrays);
  assert.throws(
    () => dict.arrayRecord("metrics"),
    /no ArrayRecord "metrics": it has "arrays" \(ArrayRecord\), "metrics" \(MetricRecord\)/,
  );
  assert.throws(() => new RecordDict().configRecord("config"), /it has nothing/);
});

Deno.test("RecordDict refuses values that are not records", () => {
  assert.throws(
    () => new RecordDict({ x: {} as ArrayRecord }),
    /"x": A RecordDict contains ArrayRecords.*got Object/,
  );
});

Deno.test("records of another copy of the module are records", async () => {
  const copy = await import("./metric_record.ts?copy" as string) as {
    MetricRecord: typeof MetricRecord;
  };
  const metrics = new copy.MetricRecord({ loss: 1 });
  assert.equal(metrics instanceof MetricRecord, false);
  assert.equal(new RecordDict({ metrics }).metricRecord("metrics").number("loss"), 1);
});

function catchError(act: () => unknown): { message: string; hints: readonly string[] } {
  try {
    act();
  } catch (error) {
    return error as { message: string; hints: readonly string[] };
  }
  throw new Error("Nothing was thrown");
}

Deno.test("lists of numbers are read as numbers", () => {
  const metrics = new MetricRecord({
    losses: [0.5, 1],
    counts: [1n, 2n ** 60n],
    loss: 1,
    none: [],
  });
  const losses: number[] = metrics.numbers("losses");
  assert.deepEqual(losses, [0.5, 1]);
  assert.deepEqual(metrics.numbers("counts"), [1, 2 ** 60]);
  assert.deepEqual([metrics.numbers("none"), metrics.numbers("other", [3])], [[], [3]]);
  assert.throws(() => metrics.numbers("loss"), /"loss" is not a list of numbers: got/);
  assert.throws(() => metrics.numbers("other"), /"other" is not in the record/);
  assert.throws(() => new ConfigRecord({ names: ["a"] }).numbers("names"), /list of numbers/);
});
