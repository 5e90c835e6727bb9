import type { MetricRecord } from "../../app/metric_record.ts";

/** Digits that a metric is shown with: as many as a float32 has. */
const METRIC_DIGITS = 7;

/** A time for people: "0.53 s", "12.3 s", "75 s". */
export function formatSeconds(seconds: number): string {
  const decimals = seconds < 10 ? 2 : seconds < 60 ? 1 : 0;
  return `${seconds.toFixed(decimals)} s`;
}

/** A size for people: "512 B", "249.8 kB", "1.2 GB" (powers of 1000). */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** A metric's value: integers whole, others to seven digits, lists in brackets. */
export function formatMetric(value: number | bigint | number[] | bigint[]): string {
  if (Array.isArray(value)) return `[${value.map(formatMetric).join(", ")}]`;
  if (typeof value === "bigint" || Number.isInteger(value)) return String(value);
  return String(Number(value.toPrecision(METRIC_DIGITS)));
}

/** All metrics of a record in one line: "loss=0.5 accuracy=0.9". */
export function formatMetrics(metrics: MetricRecord): string {
  return [...metrics].map(([name, value]) => `${name}=${formatMetric(value)}`).join(" ");
}

/** A number with its noun: "1 round", "3 rounds". */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
