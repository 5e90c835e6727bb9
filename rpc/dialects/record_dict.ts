import { create } from "@bufbuild/protobuf";
import { ArrayRecord } from "../../app/array_record.ts";
import { ConfigRecord } from "../../app/config_record.ts";
import { MetricRecord } from "../../app/metric_record.ts";
import { NdArray } from "../../app/nd_array.ts";
import {
  type AnyRecord,
  isArrayRecord,
  isMetricRecord,
  RecordDict,
} from "../../app/record_dict.ts";
import type { TypedConfigValue, TypedMetricValue } from "../../app/typed_value.ts";
import {
  ArrayRecordSchema,
  ConfigRecordSchema,
  type ConfigRecordValue,
  ConfigRecordValueSchema,
  MetricRecordSchema,
  type MetricRecordValue,
  MetricRecordValueSchema,
  type RecordDict as WireRecordDict,
  type RecordDict_Item as WireItem,
  RecordDict_ItemSchema,
  RecordDictSchema,
} from "../../proto/gen/current/recorddict_pb.ts";
import { FlwrError } from "../../base/error.ts";

/** Converts an app's records to protobuf. Arrays are not copied. */
export function recordDictToWire(dict: RecordDict): WireRecordDict {
  return create(RecordDictSchema, {
    items: [...dict].map(([key, record]) =>
      create(RecordDict_ItemSchema, { key, value: recordToWire(record) })
    ),
  });
}

/**
 * Converts records from protobuf to an app's records. Arrays are not copied.
 *
 * @throws FlwrError "invalid-argument" for a record or value without a type
 */
export function recordDictFromWire(dict: WireRecordDict): RecordDict {
  return new RecordDict(
    dict.items.map(({ key, value }) => [key, recordFromWire(key, value)] as const),
  );
}

function recordToWire(record: AnyRecord): WireItem["value"] {
  if (isArrayRecord(record)) {
    const items = [...record].map(([key, { dtype, shape, stype, data }]) => ({
      key,
      value: { dtype, shape: [...shape], stype, data },
    }));
    return { case: "arrayRecord", value: create(ArrayRecordSchema, { items }) };
  }
  if (isMetricRecord(record)) {
    const items = [...record.typedEntries()].map(([key, typed]) => ({
      key,
      value: create(MetricRecordValueSchema, { value: metricToWire(typed) }),
    }));
    return { case: "metricRecord", value: create(MetricRecordSchema, { items }) };
  }
  const items = [...record.typedEntries()].map(([key, typed]) => ({
    key,
    value: create(ConfigRecordValueSchema, { value: configToWire(typed) }),
  }));
  return { case: "configRecord", value: create(ConfigRecordSchema, { items }) };
}

function recordFromWire(name: string, value: WireItem["value"]): AnyRecord {
  switch (value.case) {
    case "arrayRecord":
      return new ArrayRecord(
        value.value.items.map(({ key, value }) => [
          key,
          new NdArray({
            dtype: value?.dtype ?? "",
            shape: value?.shape ?? [],
            stype: value?.stype ?? "",
            data: value?.data ?? new Uint8Array(),
          }),
        ]),
      );
    case "metricRecord": {
      const record = new MetricRecord();
      for (const item of value.value.items) {
        record.setTyped(item.key, metricFromWire(`${name}.${item.key}`, item.value?.value));
      }
      return record;
    }
    case "configRecord": {
      const record = new ConfigRecord();
      for (const item of value.value.items) {
        record.setTyped(item.key, configFromWire(`${name}.${item.key}`, item.value?.value));
      }
      return record;
    }
    default:
      throw new FlwrError("invalid-argument", `Record "${name}" has no known type`);
  }
}

function metricToWire(typed: TypedMetricValue) {
  switch (typed.type) {
    case "double":
      return { case: "double" as const, value: typed.value };
    case "sint64":
      return { case: "sint64" as const, value: typed.value };
    case "uint64":
      return { case: "uint64" as const, value: typed.value };
    case "double[]":
      return { case: "doubleList" as const, value: { vals: [...typed.value] } };
    case "sint64[]":
      return { case: "sintList" as const, value: { vals: [...typed.value] } };
    case "uint64[]":
      return { case: "uintList" as const, value: { vals: [...typed.value] } };
  }
}

function configToWire(typed: TypedConfigValue) {
  switch (typed.type) {
    case "bool":
      return { case: "bool" as const, value: typed.value };
    case "string":
      return { case: "string" as const, value: typed.value };
    case "bytes":
      return { case: "bytes" as const, value: typed.value };
    case "bool[]":
      return { case: "boolList" as const, value: { vals: [...typed.value] } };
    case "string[]":
      return { case: "stringList" as const, value: { vals: [...typed.value] } };
    case "bytes[]":
      return { case: "bytesList" as const, value: { vals: [...typed.value] } };
    default:
      return metricToWire(typed);
  }
}

function metricFromWire(
  name: string,
  value: MetricRecordValue["value"] | undefined,
): TypedMetricValue {
  switch (value?.case) {
    case "double":
      return { type: "double", value: value.value };
    case "sint64":
      return { type: "sint64", value: value.value };
    case "uint64":
      return { type: "uint64", value: value.value };
    case "doubleList":
      return { type: "double[]", value: value.value.vals };
    case "sintList":
      return { type: "sint64[]", value: value.value.vals };
    case "uintList":
      return { type: "uint64[]", value: value.value.vals };
    default:
      throw new FlwrError("invalid-argument", `Value "${name}" has no known type`);
  }
}

function configFromWire(
  name: string,
  value: ConfigRecordValue["value"] | undefined,
): TypedConfigValue {
  switch (value?.case) {
    case "bool":
      return { type: "bool", value: value.value };
    case "string":
      return { type: "string", value: value.value };
    case "bytes":
      return { type: "bytes", value: value.value };
    case "boolList":
      return { type: "bool[]", value: value.value.vals };
    case "stringList":
      return { type: "string[]", value: value.value.vals };
    case "bytesList":
      return { type: "bytes[]", value: value.value.vals };
    default:
      return metricFromWire(name, value);
  }
}
