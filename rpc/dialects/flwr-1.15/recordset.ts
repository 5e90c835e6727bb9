import { create } from "@bufbuild/protobuf";
import type { RecordDict } from "../../../proto/gen/current/recorddict_pb.ts";
import {
  ConfigRecordSchema,
  ConfigRecordValueSchema,
  MetricRecordSchema,
  MetricRecordValueSchema,
} from "../../../proto/gen/current/recorddict_pb.ts";
import {
  ConfigRecordValueSchema as ConfigValueSchema,
  ConfigsRecordSchema,
  MetricRecordValueSchema as MetricValueSchema,
  MetricsRecordSchema,
  ParametersRecordSchema,
  type RecordSet,
  RecordSetSchema,
} from "../../../proto/gen/flwr-1.15/recordset_pb.ts";
import { arraysFromLists, arraysToLists, dictOfRecords } from "../record_maps.ts";

/**
 * Converts the content of a message of Flower 1.15 to 1.18 to the SuperLink's form. Values have the same form in
 * both, so only the structure of records changes, and arrays are not copied.
 *
 * @throws FlwrError "invalid-argument" for a name shared by records of different kinds, and for array names and
 *   arrays of different number
 */
export function recordSetToDict(set: RecordSet): RecordDict {
  return dictOfRecords([
    ...Object.entries(set.parameters).map(([key, record]) => ({
      key,
      value: { case: "arrayRecord" as const, value: arraysFromLists(key, record) },
    })),
    ...Object.entries(set.metrics).map(([key, { data }]) => {
      const items = Object.entries(data).map(([key, { value }]) => ({
        key,
        value: create(MetricRecordValueSchema, { value }),
      }));
      return {
        key,
        value: { case: "metricRecord" as const, value: create(MetricRecordSchema, { items }) },
      };
    }),
    ...Object.entries(set.configs).map(([key, { data }]) => {
      const items = Object.entries(data).map(([key, { value }]) => ({
        key,
        value: create(ConfigRecordValueSchema, { value }),
      }));
      return {
        key,
        value: { case: "configRecord" as const, value: create(ConfigRecordSchema, { items }) },
      };
    }),
  ]);
}

/** Converts content to the form of Flower 1.15 to 1.18: the inverse of {@link recordSetToDict}. */
export function dictToRecordSet({ items }: RecordDict): RecordSet {
  const set = create(RecordSetSchema);
  for (const { key, value } of items) {
    if (value.case === "arrayRecord") {
      set.parameters[key] = create(ParametersRecordSchema, arraysToLists(value.value));
    } else if (value.case === "metricRecord") {
      const record = set.metrics[key] = create(MetricsRecordSchema);
      for (const item of value.value.items) {
        record.data[item.key] = create(MetricValueSchema, { value: item.value?.value });
      }
    } else if (value.case === "configRecord") {
      const record = set.configs[key] = create(ConfigsRecordSchema);
      for (const item of value.value.items) {
        record.data[item.key] = create(ConfigValueSchema, { value: item.value?.value });
      }
    }
  }
  return set;
}
