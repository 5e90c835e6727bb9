import { ConfigRecord } from "../config_record.ts";
import { MetricRecord } from "../metric_record.ts";
import { isTypedMetric, type TypedConfigValue, type TypedMetricValue } from "../typed_value.ts";

/**
 * Key of the mark `reported: 0` on a number that the older API requires but the app did not set. A Python peer only
 * reads the number (0 examples, a loss of NaN); a peer of ours leaves it out.
 */
const REPORTED = "reported";

/** A record of one required number; it has `placeholder` if the app set none, or set a list. */
export function requiredNumber(
  key: string,
  typed: TypedMetricValue | undefined,
  placeholder: TypedMetricValue,
): MetricRecord {
  const record = new MetricRecord();
  return isScalar(typed)
    ? record.setTyped(key, typed)
    : record.setTyped(key, placeholder).set(REPORTED, 0);
}

/** The number in a record of {@link requiredNumber}; undefined if it is a placeholder. */
export function readRequiredNumber(
  record: MetricRecord | undefined,
  key: string,
): TypedMetricValue | undefined {
  return record?.get(REPORTED) === 0 ? undefined : record?.typed(key);
}

/** A reply's metrics and settings, divided by what the older API can send. */
export interface DividedMeasures {
  /** Metrics of the older API: scalars of any type. */
  readonly values: ConfigRecord;
  /** Metrics that the older API cannot send: lists, which Python refuses to read. */
  readonly metrics: MetricRecord;
  /**
   * Settings that the older API cannot send: lists; numbers, which would return as metrics; names that a metric has.
   */
  readonly config: ConfigRecord;
}

/**
 * Divides the metrics and the settings of a reply for the older API.
 *
 * @param demands names of metrics that are sent in records of their own if they are scalars
 */
export function divideMeasures(
  metrics: MetricRecord | undefined,
  config: ConfigRecord | undefined,
  demands: readonly string[],
): DividedMeasures {
  const divided = {
    values: new ConfigRecord(),
    metrics: new MetricRecord(),
    config: new ConfigRecord(),
  };
  for (const [name, typed] of metrics?.typedEntries() ?? []) {
    if (!isScalar(typed)) divided.metrics.setTyped(name, typed);
    else if (!demands.includes(name)) divided.values.setTyped(name, typed);
  }
  for (const [name, typed] of config?.typedEntries() ?? []) {
    const fits = isScalar(typed) && !isTypedMetric(typed) && !divided.values.has(name);
    (fits ? divided.values : divided.config).setTyped(name, typed);
  }
  return divided;
}

/**
 * Restores the older API's metrics: numbers go into `metrics`, unless a required number has their name; other values go
 * into `config`.
 */
export function collectMeasures(
  values: ConfigRecord | undefined,
  metrics: MetricRecord,
  config: ConfigRecord,
): void {
  for (const [name, typed] of values?.typedEntries() ?? []) {
    if (!isTypedMetric(typed)) config.setTyped(name, typed);
    else if (!metrics.has(name)) metrics.setTyped(name, typed);
  }
}

function isScalar<T extends TypedConfigValue>(typed: T | undefined): typed is T {
  return typed !== undefined && !typed.type.endsWith("[]");
}
