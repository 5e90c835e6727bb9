import fc from "fast-check";
import { ArrayRecord } from "./array_record.ts";
import { ConfigRecord } from "./config_record.ts";
import { Message } from "./message.ts";
import type { Metadata } from "../entities/metadata.ts";
import { MetricRecord } from "./metric_record.ts";
import { NdArray } from "./nd_array.ts";
import { RecordDict } from "./record_dict.ts";
import { recordDictToPlain } from "./transferable.ts";
import type { TypedConfigValue, TypedMetricValue } from "./typed_value.ts";

/** An instruction as a node receives it. */
export function instruction(patch: Partial<Metadata> = {}, content = new RecordDict()): Message {
  return new Message({
    runId: 7n,
    messageId: "m1",
    srcNodeId: 1n,
    dstNodeId: 5n,
    replyToMessageId: "",
    groupId: "2",
    messageType: "train",
    createdAt: 1_800_000_000,
    ttl: 100,
    ...patch,
  }, content);
}

/** A RecordDict as data that `deepEqual` compares: wire types, names, order and bytes. */
export function plain(dict: RecordDict): unknown {
  return recordDictToPlain(dict).map(([name, { kind, items }]) => ({
    name,
    kind,
    items: items.map(([key, item]) =>
      "data" in item
        ? { key, ...item, shape: [...item.shape], data: [...item.data] }
        : { key, type: item.type, value: item.value }
    ),
  }));
}

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const bytes = fc.uint8Array({ maxLength: 8 });

/** Metrics of every wire type. */
export const typedMetrics: fc.Arbitrary<TypedMetricValue> = fc.oneof(
  fc.record({ type: fc.constant("double" as const), value: fc.double() }),
  fc.record({ type: fc.constant("sint64" as const), value: int64 }),
  fc.record({ type: fc.constant("uint64" as const), value: uint64 }),
  fc.record({ type: fc.constant("double[]" as const), value: fc.array(fc.double()) }),
  fc.record({ type: fc.constant("sint64[]" as const), value: fc.array(int64) }),
  fc.record({ type: fc.constant("uint64[]" as const), value: fc.array(uint64) }),
);

/** Settings of every wire type. */
export const typedConfigs: fc.Arbitrary<TypedConfigValue> = fc.oneof(
  typedMetrics,
  fc.record({ type: fc.constant("bool" as const), value: fc.boolean() }),
  fc.record({ type: fc.constant("string" as const), value: fc.string() }),
  fc.record({ type: fc.constant("bytes" as const), value: bytes }),
  fc.record({ type: fc.constant("bool[]" as const), value: fc.array(fc.boolean()) }),
  fc.record({ type: fc.constant("string[]" as const), value: fc.array(fc.string()) }),
  fc.record({ type: fc.constant("bytes[]" as const), value: fc.array(bytes) }),
);

/** Arrays as fields, with arbitrary bytes, because tests with them only transport the bytes. */
export const ndArrays: fc.Arbitrary<NdArray> = fc.record({
  dtype: fc.constantFrom("", "float32", "int64"),
  shape: fc.array(fc.nat(9), { maxLength: 3 }),
  stype: fc.constantFrom("numpy.ndarray", "other"),
  data: bytes,
}).map((fields) => new NdArray(fields));

/** Metrics by name; names are arbitrary strings by default. */
export function metricRecords(
  value: fc.Arbitrary<TypedMetricValue> = typedMetrics,
  name: fc.Arbitrary<string> = fc.string(),
): fc.Arbitrary<MetricRecord> {
  return entries(name, value).map((items) => {
    const record = new MetricRecord();
    for (const [key, typed] of items) record.setTyped(key, typed);
    return record;
  });
}

/** Settings by name; names are arbitrary strings by default. */
export function configRecords(
  value: fc.Arbitrary<TypedConfigValue> = typedConfigs,
  name: fc.Arbitrary<string> = fc.string(),
): fc.Arbitrary<ConfigRecord> {
  return entries(name, value).map((items) => {
    const record = new ConfigRecord();
    for (const [key, typed] of items) record.setTyped(key, typed);
    return record;
  });
}

/** Arrays by name; names are arbitrary strings by default. */
export function arrayRecords(
  name: fc.Arbitrary<string> = fc.string(),
): fc.Arbitrary<ArrayRecord> {
  return entries(name, ndArrays).map((items) => new ArrayRecord(items));
}

/** Records of all types with arbitrary names. */
export const recordDicts: fc.Arbitrary<RecordDict> = entries(
  fc.string(),
  fc.oneof(arrayRecords(), metricRecords(), configRecords()),
).map((items) => new RecordDict(items));

function entries<V>(name: fc.Arbitrary<string>, value: fc.Arbitrary<V>) {
  return fc.uniqueArray(fc.tuple(name, value), { selector: ([key]) => key, maxLength: 5 });
}
