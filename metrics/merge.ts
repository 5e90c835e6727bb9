import { BINARY } from "./binary.ts";
import { invalid } from "./check.ts";
import { CLASSES } from "./classes.ts";
import { REGRESSION } from "./regression.ts";
import type { Parts, StatisticsKind } from "./statistics.ts";

/** Kinds of statistics: of `binaryStatistics`, `classStatistics` and `regressionStatistics`. */
export type StatisticsName = "binary" | "classes" | "regression";

const KINDS: Readonly<Record<StatisticsName, StatisticsKind>> = {
  binary: BINARY,
  classes: CLASSES,
  regression: REGRESSION,
};

/**
 * Adds up the statistics in nodes' metrics, and computes the metrics of all examples from the sums.
 *
 * @param kinds the kind of statistics under each name
 * @param replies the metrics of each node; a node without any of a statistic's parts is left out of it
 * @returns numbers, and lists of numbers, by name: for example `risk-auc` of `{ risk: "binary" }`
 * @throws FlwrError "invalid-argument" for parts that are malformed or do not fit together, and for an unknown kind
 */
export function mergeStatistics(
  kinds: Readonly<Record<string, StatisticsName>>,
  replies: readonly (Parts & { keys(): Iterable<string> })[],
): Record<string, number | number[]> {
  const metrics: Record<string, number | number[]> = {};
  for (const [name, kind] of Object.entries(kinds)) {
    if (!Object.hasOwn(KINDS, kind)) {
      throw invalid(`No statistics "${kind}" for "${name}"`, [
        `Choose one of: ${Object.keys(KINDS).join(", ")}`,
      ]);
    }
    const having = replies.filter((reply) => [...reply.keys()].some(partOf(name)));
    if (having.length > 0) Object.assign(metrics, KINDS[kind].merge(name, having).metrics(name));
  }
  return metrics;
}

/** Number of examples in one node's statistics. @throws FlwrError "invalid-argument" for parts that are malformed */
export function countExamples(name: string, kind: StatisticsName, metrics: Parts): number {
  return KINDS[kind].merge(name, [metrics]).examples;
}

/** Whether a metric is a part of the statistics with this name. */
export function partOf(name: string): (metric: string) => boolean {
  return (metric) => metric.startsWith(`${name}.`);
}
