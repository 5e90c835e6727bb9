import { float } from "../float.ts";
import { MetricRecord } from "../metric_record.ts";
import type { MetricValue } from "../typed_value.ts";

/** The metrics of one reply, and their weight. */
export interface WeighedMetrics {
  /** The metrics, by name. */
  readonly metrics: MetricRecord;
  /** Weight of the metrics, from 0. */
  readonly weight: number;
}

/**
 * Averages metrics by name, lists element by element: Σ weight · metric / Σ weight, as Flower 1.9 averages losses. A
 * metric that only some replies have is averaged over these. A metric is left out if it is a list in some replies and a
 * number in others, or a list of different lengths. The metric of the weights is left out too.
 *
 * @param replies in the order in which they are summed
 * @param weightedByKey the metric of the weights
 * @returns the averages, as doubles
 */
export function averageMetrics(
  replies: readonly WeighedMetrics[],
  weightedByKey: string,
): MetricRecord {
  const average = new MetricRecord();
  const names = new Set(replies.flatMap(({ metrics }) => [...metrics.keys()]));
  names.delete(weightedByKey);
  for (const name of names) {
    const having = replies.filter(({ metrics, weight }) => metrics.has(name) && weight > 0);
    if (having.length === 0) continue;
    const weights = having.map(({ weight }) => weight);
    const value = averageValues(having.map(({ metrics }) => metrics.get(name)!), weights);
    if (value !== undefined) average.set(name, float(value));
  }
  return average;
}

function averageValues(
  values: readonly MetricValue[],
  weights: readonly number[],
): number | number[] | undefined {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const average = (numbers: readonly (number | bigint)[]) => {
    const sum = (divisor: number) =>
      numbers.reduce<number>((sum, number, i) => sum + Number(number) * (weights[i]! / divisor), 0);
    const products = sum(1);
    // If the products exceed float64, the average itself may still be finite.
    return Number.isFinite(products) ? products / total : sum(total);
  };
  const lists = values.filter((value) => Array.isArray(value));
  if (lists.length === 0) return average(values as readonly (number | bigint)[]);
  const { length } = lists[0]!;
  if (lists.length < values.length || lists.some((list) => list.length !== length)) {
    return undefined;
  }
  return Array.from({ length }, (_, i) => average(lists.map((list) => list[i]!)));
}
