import type { MetricRecord } from "../../app/metric_record.ts";

/** Significant digits of a metric: as many as a float32 has. */
const METRIC_DIGITS = 7;

/** A metric's value as text: integers in full, others to seven significant digits, lists in brackets. */
export function formatMetric(value: number | bigint | number[] | bigint[]): string {
  if (Array.isArray(value)) return `[${value.map(formatMetric).join(", ")}]`;
  if (typeof value === "bigint" || Number.isInteger(value)) return String(value);
  return String(Number(value.toPrecision(METRIC_DIGITS)));
}

/** All metrics of a record in one line: "loss=0.5 accuracy=0.9". */
export function formatMetrics(metrics: MetricRecord): string {
  return [...metrics].map(([name, value]) => `${name}=${formatMetric(value)}`).join(" ");
}
