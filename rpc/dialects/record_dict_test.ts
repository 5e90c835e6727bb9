import assert from "node:assert/strict";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { ArrayRecord } from "../../app/array_record.ts";
import { ConfigRecord } from "../../app/config_record.ts";
import { float } from "../../app/float.ts";
import { MetricRecord } from "../../app/metric_record.ts";
import { RecordDict } from "../../app/record_dict.ts";
import { recordDictToPlain } from "../../app/transferable.ts";
import { RecordDictSchema } from "../../proto/gen/current/recorddict_pb.ts";
import { tensor } from "../../tensor/tensor.ts";
import { recordDictFromWire, recordDictToWire } from "./record_dict.ts";

Deno.test("records of every type survive protobuf with names, order and wire types", () => {
  const dict = new RecordDict({
    arrays: ArrayRecord.fromTensors({
      "conv1.weight": tensor("float32", [2, 2], new Float32Array([1, -0, NaN, Infinity])),
      step: tensor("int64", [], new BigInt64Array([7n])),
    }),
    metrics: new MetricRecord({
      loss: 0.5,
      whole: float(1),
      count: 3,
      big: 2n ** 63n,
      losses: [0.5, 1.5],
      counts: [1, 2],
      bigs: [2n ** 63n],
    }),
    config: new ConfigRecord({
      on: true,
      name: "ü",
      raw: new Uint8Array([0, 255]),
      flags: [true, false],
      names: ["a", ""],
      raws: [new Uint8Array(), new Uint8Array([1])],
      rate: -0,
      empty: [],
    }),
  });
  const bytes = toBinary(RecordDictSchema, recordDictToWire(dict));
  const back = recordDictFromWire(fromBinary(RecordDictSchema, bytes));
  assert.deepEqual(recordDictToPlain(back), recordDictToPlain(dict));
});

Deno.test("a record or value without a type is refused by name", () => {
  const untyped = fromBinary(RecordDictSchema, Uint8Array.fromHex("0a030a0178"));
  assert.throws(() => recordDictFromWire(untyped), { code: "invalid-argument", message: /"x"/ });
  const wire = recordDictToWire(new RecordDict({ m: new MetricRecord({ loss: 1 }) }));
  const record = wire.items[0]!.value;
  assert.equal(record.case, "metricRecord");
  if (record.case === "metricRecord") record.value.items[0]!.value!.value = { case: undefined };
  assert.throws(() => recordDictFromWire(wire), { code: "invalid-argument", message: /"m\.loss"/ });
});
