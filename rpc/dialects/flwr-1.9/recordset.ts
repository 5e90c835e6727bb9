import { create } from "@bufbuild/protobuf";
import { FlwrError } from "../../../base/error.ts";
import {
  type ConfigRecord,
  ConfigRecordSchema,
  type ConfigRecordValue,
  ConfigRecordValueSchema,
  type MetricRecord,
  MetricRecordSchema,
  type MetricRecordValue,
  MetricRecordValueSchema,
  type RecordDict,
} from "../../../proto/gen/current/recorddict_pb.ts";
import {
  type ConfigsRecord,
  ConfigsRecordSchema,
  type ConfigsRecordValue,
  ConfigsRecordValueSchema,
  type MetricsRecord,
  MetricsRecordSchema,
  type MetricsRecordValue,
  MetricsRecordValueSchema,
  ParametersRecordSchema,
  type RecordSet,
  RecordSetSchema,
  Sint64ListSchema,
} from "../../../proto/gen/flwr-1.9/recordset_pb.ts";
import { arraysFromLists, arraysToLists, dictOfRecords } from "../record_maps.ts";

/**
 * Converts the content of a 1.9 message to the SuperLink's form, the current RecordDict. Only the record structure is
 * decoded, so arrays of any kind pass through unchanged.
 *
 * @throws FlwrError "invalid-argument" for a name shared by records of different kinds, which a RecordDict cannot
 *   express, and for array names and arrays of different number
 */
export function recordSetToDict(set: RecordSet): RecordDict {
  return dictOfRecords([
    ...Object.entries(set.parameters).map(([key, record]) => ({
      key,
      value: { case: "arrayRecord" as const, value: arraysFromLists(key, record) },
    })),
    ...Object.entries(set.metrics).map(([key, record]) => ({
      key,
      value: { case: "metricRecord" as const, value: metricRecord(record) },
    })),
    ...Object.entries(set.configs).map(([key, record]) => ({
      key,
      value: { case: "configRecord" as const, value: configRecord(record) },
    })),
  ]);
}

/**
 * Converts content to the form of a 1.9 node or ServerApp: the inverse of {@link recordSetToDict}.
 *
 * @throws FlwrError "invalid-argument" for an unsigned integer beyond the signed range, because 1.9 has only signed
 *   integers
 */
export function dictToRecordSet(dict: RecordDict): RecordSet {
  const set = create(RecordSetSchema);
  for (const { key, value } of dict.items) {
    if (value.case === "arrayRecord") {
      set.parameters[key] = create(ParametersRecordSchema, arraysToLists(value.value));
    } else if (value.case === "metricRecord") {
      set.metrics[key] = metricsRecord(value.value);
    } else if (value.case === "configRecord") {
      set.configs[key] = configsRecord(value.value);
    }
  }
  return set;
}

function metricRecord(record: MetricsRecord): MetricRecord {
  return create(MetricRecordSchema, {
    items: Object.entries(record.data).map(([key, { value }]) => ({
      key,
      value: create(MetricRecordValueSchema, {
        value: value.case === "sint64List"
          ? { case: "sintList", value: { vals: value.value.vals } }
          : value,
      }),
    })),
  });
}

function configRecord(record: ConfigsRecord): ConfigRecord {
  return create(ConfigRecordSchema, {
    items: Object.entries(record.data).map(([key, { value }]) => ({
      key,
      value: create(ConfigRecordValueSchema, {
        value: value.case === "sint64List"
          ? { case: "sintList", value: { vals: value.value.vals } }
          : value,
      }),
    })),
  });
}

function metricsRecord(record: MetricRecord): MetricsRecord {
  const data: Record<string, MetricsRecordValue> = {};
  for (const { key, value } of record.items) {
    data[key] = create(MetricsRecordValueSchema, { value: signed(key, value?.value) });
  }
  return create(MetricsRecordSchema, { data });
}

function configsRecord(record: ConfigRecord): ConfigsRecord {
  const data: Record<string, ConfigsRecordValue> = {};
  for (const { key, value } of record.items) {
    data[key] = create(ConfigsRecordValueSchema, { value: signed(key, value?.value) });
  }
  return create(ConfigsRecordSchema, { data });
}

/** Cases of values that Flower 1.9 names differently or lacks: it has only signed integers. */
type Renamed = "uint64" | "sintList" | "uintList";
type AnyValue = (MetricRecordValue | ConfigRecordValue)["value"];

/** Converts a value to Flower 1.9's cases. */
function signed<Value extends AnyValue>(name: string, value: Value | undefined) {
  switch (value?.case) {
    case undefined:
      return { case: undefined };
    case "uint64":
      return { case: "sint64" as const, value: signedInteger(name, value.value) };
    case "sintList":
      return {
        case: "sint64List" as const,
        value: create(Sint64ListSchema, { vals: value.value.vals }),
      };
    case "uintList":
      return {
        case: "sint64List" as const,
        value: create(Sint64ListSchema, {
          vals: value.value.vals.map((element) => signedInteger(name, element)),
        }),
      };
    default:
      return value as Exclude<Value, { case: Renamed | undefined }>;
  }
}

function signedInteger(name: string, value: bigint): bigint {
  if (value < 2n ** 63n) return value;
  throw new FlwrError(
    "invalid-argument",
    `Value "${name}" exceeds the signed 64-bit integers of Flower 1.9: ${value}`,
  );
}
