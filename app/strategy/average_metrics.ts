import { float } from "../float.ts";
import { MetricRecord } from "../metric_record.ts";
import type { MetricValue } from "../typed_value.ts";
import { weightFactors } from "./weighted_average.ts";

/** The metrics of one reply, and how much they count. */
export interface WeighedMetrics {
  readonly metrics: MetricRecord;
  readonly weight: number;
}

/**
 * Averages metrics by name, lists element by element (Flower's `aggregate_metricrecords`). A metric that only some
 * replies have is averaged over those. One that is a list here and a number there, or a list of another length, has no
 * average and is left out; so is the metric that replies are weighed by.
 *
 * @param replies in the order in which they are summed up
 * @param weightedByKey the metric to leave out
 * @returns doubles
 */
export function averageMetrics(
  replies: readonly WeighedMetrics[],
  weightedByKey: string,
): MetricRecord {
  const average = new MetricRecord();
  const names = new Set(replies.flatMap(({ metrics }) => [...metrics.keys()]));
  names.delete(weightedByKey);
  for (const name of names) {
    const having = replies.filter(({ metrics }) => metrics.has(name));
    const factors = weightFactors(having.map(({ weight }) => weight));
    if (!factors.every(Number.isFinite)) continue; // all of weight 0
    const value = averageValues(having.map(({ metrics }) => metrics.get(name)!), factors);
    if (value !== undefined) average.set(name, float(value));
  }
  return average;
}

function averageValues(
  values: readonly MetricValue[],
  factors: readonly number[],
): number | number[] | undefined {
  const sum = (numbers: readonly (number | bigint)[]) =>
    numbers.reduce<number>((total, number, i) => total + Number(number) * factors[i]!, 0);
  const lists = values.filter((value) => Array.isArray(value));
  if (lists.length === 0) return sum(values as readonly (number | bigint)[]);
  const length = lists[0]!.length;
  if (lists.length < values.length || lists.some((list) => list.length !== length)) {
    return undefined;
  }
  return Array.from({ length }, (_, i) => sum(lists.map((list) => list[i]!)));
}
