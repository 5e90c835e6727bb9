import { ConfigRecord } from "../config_record.ts";
import { MetricRecord } from "../metric_record.ts";
import { isTypedMetric, type TypedConfigValue, type TypedMetricValue } from "../typed_value.ts";

/**
 * Beside a number that the older API demands but the app did not give: `reported: 0`. A Python peer reads only the
 * number (0 examples, a loss of NaN), a peer of ours leaves it out.
 */
const REPORTED = "reported";

/** A record of one demanded number; `placeholder` where the app gave none, or gave a list. */
export function demanded(
  key: string,
  typed: TypedMetricValue | undefined,
  placeholder: TypedMetricValue,
): MetricRecord {
  const record = new MetricRecord();
  return isScalar(typed)
    ? record.setTyped(key, typed)
    : record.setTyped(key, placeholder).set(REPORTED, 0);
}

/** The number of {@link demanded}; undefined where it only fills the place. */
export function readDemanded(
  record: MetricRecord | undefined,
  key: string,
): TypedMetricValue | undefined {
  return record?.get(REPORTED) === 0 ? undefined : record?.typed(key);
}

/** A reply's measures, divided by what the older API can carry. */
export interface DividedMeasures {
  /** The older API's metrics: scalars of any type. */
  readonly values: ConfigRecord;
  /** Metrics that do not fit: lists, which Python's older API refuses to read. */
  readonly metrics: MetricRecord;
  /** Settings that do not fit: lists; numbers, which would come back as metrics; names that a metric has. */
  readonly config: ConfigRecord;
}

/**
 * Divides the metrics of a reply, and the settings beside them, for the older API.
 *
 * @param demands names of metrics that travel in records of their own, where they are scalars
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
 * Puts the older API's metrics back where they belong: numbers into `metrics`, unless a demanded number has their
 * name, and what is not a number into `config`.
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
