import { KIND } from "./brand.ts";
import {
  type MetricInput,
  type MetricValue,
  plainMetric,
  typedMetric,
  type TypedMetricValue,
} from "./typed_value.ts";
import { ValueRecord } from "./value_record.ts";

/** Wire types of values in a MetricRecord (recorddict.proto, MetricRecordValue). */
const TYPES = new Set(["double", "sint64", "uint64", "double[]", "sint64[]", "uint64[]"]);

/**
 * Named numbers and lists of numbers, such as a node's measurements.
 *
 * @example
 * ```ts
 * new MetricRecord({ "num-examples": 50_000, loss: 0.31 });
 * ```
 */
export class MetricRecord extends ValueRecord<TypedMetricValue, MetricValue, MetricInput> {
  /** The class of the object, which other copies of this module recognise. */
  readonly [KIND] = "MetricRecord";

  /** Determines the wire type of a metric. */
  protected override admit(value: unknown): TypedMetricValue {
    return typedMetric(value);
  }

  /** The value without its wire type. */
  protected override plain(typed: TypedMetricValue): MetricValue {
    return plainMetric(typed);
  }

  /** Metrics are numbers and lists of numbers. */
  protected override allowsType(type: string): boolean {
    return TYPES.has(type);
  }
}
