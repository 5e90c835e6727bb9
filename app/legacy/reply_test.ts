import assert from "node:assert/strict";
import fc from "fast-check";
import { ArrayRecord } from "../array_record.ts";
import { ConfigRecord } from "../config_record.ts";
import { float } from "../float.ts";
import { MetricRecord } from "../metric_record.ts";
import { NdArray } from "../nd_array.ts";
import { RecordDict } from "../record_dict.ts";
import {
  arrayRecords,
  configRecords,
  metricRecords,
  plain,
  typedConfigs,
  typedMetrics,
} from "../testing.ts";
import { fromLegacyReply, isLegacyReply, toLegacyReply } from "./reply.ts";

const npy = new NdArray({
  dtype: "",
  shape: [],
  stype: "numpy.ndarray",
  data: new Uint8Array([1]),
});
const arrays = new ArrayRecord({ "0": npy, "1": npy });
const ok = new ConfigRecord({ code: 0, message: "Success" });

/** A reply of Python's NumPyClient to train (recorded from flwr 1.9.0: the metrics of `fitres`). */
const pythonFit = new RecordDict({
  "fitres.parameters": arrays,
  "fitres.num_examples": new MetricRecord({ num_examples: 10 }),
  "fitres.metrics": new ConfigRecord({
    acc_top5: 0.75,
    acc: 0.5,
    a: 1,
    blob: new Uint8Array([0, 255]),
    f0: float(0),
    ok: true,
    tag: "x",
    zero: 0,
    "é": -7,
  }),
  "fitres.status": ok,
});

function content(result: ReturnType<typeof fromLegacyReply>): RecordDict {
  assert.ok(result instanceof RecordDict);
  return result;
}

Deno.test("Python's answer to train: numbers become metrics, the rest a config", () => {
  assert.equal(isLegacyReply("train", pythonFit), true);
  const current = content(fromLegacyReply("train", pythonFit, ["weight", "bias"]));
  assert.deepEqual([...current.keys()], ["arrays", "metrics", "config"]);
  assert.deepEqual([...current.arrayRecord("arrays").keys()], ["weight", "bias"]);
  assert.deepEqual(current.metricRecord("metrics").toObject(), {
    "num-examples": 10,
    acc_top5: 0.75,
    acc: 0.5,
    a: 1,
    f0: 0,
    zero: 0,
    "é": -7,
  });
  assert.equal(current.metricRecord("metrics").typed("f0")?.type, "double");
  assert.deepEqual(current.configRecord("config").toObject(), {
    blob: new Uint8Array([0, 255]),
    ok: true,
    tag: "x",
  });
});

Deno.test("Python's answer to train survives back and forth", () => {
  const back = toLegacyReply("train", content(fromLegacyReply("train", pythonFit)));
  assert.deepEqual(sorted(back), sorted(pythonFit));
});

Deno.test("numbered arrays keep their numbers if the number of names differs", () => {
  const current = content(fromLegacyReply("train", pythonFit, ["weight"]));
  assert.deepEqual([...current.arrayRecord("arrays").keys()], ["0", "1"]);
});

Deno.test("arrays that have names keep them", () => {
  const named = new RecordDict({ "fitres.parameters": arrays.withNames(["a", "b"]) });
  const current = content(fromLegacyReply("train", named, ["x", "y"]));
  assert.deepEqual([...current.arrayRecord("arrays").keys()], ["a", "b"]);
});

Deno.test("Python's answer to evaluate: the loss overrides a metric of that name", () => {
  const current = content(fromLegacyReply(
    "evaluate",
    new RecordDict({
      "evaluateres.loss": new MetricRecord({ loss: 0.5 }),
      "evaluateres.num_examples": new MetricRecord({ num_examples: 10 }),
      "evaluateres.metrics": new ConfigRecord({ accuracy: 0.75, loss: 0.25 }),
      "evaluateres.status": ok,
    }),
  ));
  assert.deepEqual([...current.keys()], ["metrics"]);
  assert.deepEqual(current.metricRecord("metrics").toObject(), {
    "num-examples": 10,
    loss: 0.5,
    accuracy: 0.75,
  });
});

Deno.test("our answers have the records and the order of Flower's own", () => {
  const metrics = new MetricRecord({ "num-examples": 10, loss: 0.5, accuracy: 0.75 });
  const fit = toLegacyReply("train", new RecordDict({ arrays, metrics }));
  assert.deepEqual([...fit.keys()], [
    "fitres.parameters",
    "fitres.num_examples",
    "fitres.metrics",
    "fitres.status",
  ]);
  assert.deepEqual(fit.configRecord("fitres.metrics").toObject(), { loss: 0.5, accuracy: 0.75 });
  assert.deepEqual(fit.configRecord("fitres.status").toObject(), { code: 0, message: "Success" });
  const evaluation = toLegacyReply("evaluate", new RecordDict({ metrics }));
  assert.deepEqual([...evaluation.keys()], [
    "evaluateres.loss",
    "evaluateres.num_examples",
    "evaluateres.metrics",
    "evaluateres.status",
  ]);
  assert.deepEqual(evaluation.metricRecord("evaluateres.loss").toObject(), { loss: 0.5 });
  assert.deepEqual(evaluation.configRecord("evaluateres.metrics").toObject(), { accuracy: 0.75 });
});

Deno.test("get_parameters and get_properties", () => {
  const parameters = new RecordDict({
    "getparametersres.parameters": arrays,
    "getparametersres.status": ok,
  });
  const current = content(fromLegacyReply("get_parameters", parameters));
  assert.deepEqual([...current.keys()], ["arrays"]);
  assert.deepEqual(plain(toLegacyReply("get_parameters", current)), plain(parameters));

  const properties = new RecordDict({
    "getpropertiesres.properties": new ConfigRecord({ p: 1, os: "linux" }),
    "getpropertiesres.status": ok,
  });
  const known = content(fromLegacyReply("get_properties", properties));
  assert.deepEqual([...known.keys()], ["properties"]);
  assert.deepEqual(plain(toLegacyReply("get_properties", known)), plain(properties));
});

Deno.test("a status other than OK is an error with its name and message", () => {
  const refused = (code: number, message?: string) =>
    fromLegacyReply(
      "train",
      new RecordDict({
        "fitres.status": new ConfigRecord(message === undefined ? { code } : { code, message }),
      }),
    );
  assert.deepEqual(refused(3, "Client does not implement `fit`"), {
    code: 2,
    reason: "Client answered with status FIT_NOT_IMPLEMENTED: Client does not implement `fit`",
  });
  assert.deepEqual(refused(99), { code: 2, reason: "Client answered with status 99: no message" });
});

Deno.test("a missing required number is filled in for Python and left out for us", () => {
  const legacy = toLegacyReply(
    "evaluate",
    new RecordDict({ metrics: new MetricRecord({ auc: 0.5 }) }),
  );
  assert.deepEqual(legacy.metricRecord("evaluateres.loss").get("loss"), NaN);
  assert.deepEqual(legacy.metricRecord("evaluateres.num_examples").get("num_examples"), 0);
  const back = content(fromLegacyReply("evaluate", legacy));
  assert.deepEqual(back.metricRecord("metrics").toObject(), { auc: 0.5 });
});

Deno.test("a measured loss of NaN is kept", () => {
  const legacy = toLegacyReply(
    "evaluate",
    new RecordDict({ metrics: new MetricRecord({ loss: NaN }) }),
  );
  const back = content(fromLegacyReply("evaluate", legacy));
  assert.deepEqual(back.metricRecord("metrics").toObject(), { loss: NaN });
});

Deno.test("lists are sent in addition to the older metrics, where Python ignores them", () => {
  const metrics = new MetricRecord({ "num-examples": 1, losses: [0.5, 0.25] });
  const legacy = toLegacyReply("train", new RecordDict({ arrays, metrics }));
  assert.equal(legacy.configRecord("fitres.metrics").size, 0);
  assert.deepEqual(legacy.metricRecord("metrics").toObject(), { losses: [0.5, 0.25] });
});

Deno.test("other message types and current content are returned unchanged", () => {
  const query = new RecordDict({ metrics: new MetricRecord({ a: 1 }) });
  assert.equal(toLegacyReply("query", query), query);
  assert.equal(fromLegacyReply("query", query), query);
  assert.equal(fromLegacyReply("train", query), query);
});

Deno.test("a record with a current name but another type stays unchanged", () => {
  const odd = new RecordDict({ metrics: arrays, config: new MetricRecord({ a: 1 }) });
  const back = content(fromLegacyReply("train", toLegacyReply("train", odd)));
  assert.deepEqual(plain(back), plain(odd));
});

Deno.test("translating there and back is the identity for replies, except for the order of metrics", () => {
  const names = fc.oneof(fc.constantFrom("num-examples", "loss", "accuracy"), fc.string());
  const dict = fc.record({
    arrays: arrayRecords(fc.string({ minLength: 1 })),
    metrics: metricRecords(typedMetrics, names).filter(({ size }) => size > 0),
    config: configRecords(typedConfigs, names).filter(({ size }) => size > 0),
  }).map((records) => new RecordDict(records));
  fc.assert(fc.property(fc.constantFrom("train", "evaluate", "query"), dict, (type, reply) => {
    const back = content(fromLegacyReply(type, toLegacyReply(type, reply)));
    assert.deepEqual(sorted(back), sorted(reply));
  }));
});

/** Plain records, sorted by name, and sorted metrics within them. */
function sorted(dict: RecordDict): unknown {
  type Plain = { name: string; kind: string; items: { key: string }[] };
  const records = plain(dict) as Plain[];
  const byKey = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  for (const { kind, items } of records) {
    if (kind !== "arrays") items.sort((a, b) => byKey(a.key, b.key));
  }
  return records.sort((a, b) => byKey(a.name, b.name));
}
