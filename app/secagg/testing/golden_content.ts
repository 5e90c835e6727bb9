import { bytesOf, type GoldenRecord, type GoldenValue } from "../../../secagg/testing/golden.ts";
import { ArrayRecord } from "../../array_record.ts";
import { ConfigRecord } from "../../config_record.ts";
import { MetricRecord } from "../../metric_record.ts";
import { NdArray } from "../../nd_array.ts";
import { type AnyRecord, RecordDict } from "../../record_dict.ts";
import type { ConfigInput, MetricInput } from "../../typed_value.ts";
import { float } from "../../float.ts";

function inputOf(value: GoldenValue): ConfigInput {
  if ("bytes" in value) return bytesOf(value.bytes);
  if ("int" in value) return BigInt(value.int);
  if ("float" in value) return float(value.float);
  if ("str" in value) return value.str;
  return value.list.map(inputOf) as readonly bigint[];
}

/** A recorded record. @param order the names of a ConfigRecord, which JSON does not keep in order where they are numbers */
function recordOf(golden: GoldenRecord, order?: readonly string[]): AnyRecord {
  if (golden.arrays !== undefined) {
    return new ArrayRecord(
      Object.entries(golden.arrays).map(([name, { data, ...fields }]) =>
        [name, new NdArray({ ...fields, data: bytesOf(data) })] as const
      ),
    );
  }
  const values = golden.config ?? golden.metrics!;
  const entries = (order ?? Object.keys(values)).map((key) =>
    [key, inputOf(values[key]!)] as const
  );
  return golden.config === undefined
    ? new MetricRecord(entries as [string, MetricInput][])
    : new ConfigRecord(entries);
}

/** Recorded content. @param order see {@link recordOf}, for the record "secaggplus_configs" */
export function contentOf(
  golden: { readonly [name: string]: GoldenRecord },
  order?: readonly string[],
): RecordDict {
  return new RecordDict(
    Object.entries(golden).map(([name, record]) =>
      [name, recordOf(record, name === "secaggplus_configs" ? order : undefined)] as const
    ),
  );
}
