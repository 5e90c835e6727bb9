import { BINARY } from "./binary.ts";
import { invalid } from "./check.ts";
import { CLASSES } from "./classes.ts";
import { REGRESSION } from "./regression.ts";
import type { StatisticsKind } from "./statistics.ts";

/** Kinds of statistics: of `binaryStatistics`, `classStatistics` and `regressionStatistics`. */
export type StatisticsName = "binary" | "classes" | "regression";

const KINDS: Readonly<Record<StatisticsName, StatisticsKind>> = {
  binary: BINARY,
  classes: CLASSES,
  regression: REGRESSION,
};

/**
 * Finds a kind of statistics.
 *
 * @param name the name of the statistics, for errors
 * @throws FlwrError "invalid-argument" for an unknown kind
 */
export function statisticsKind(name: string, kind: StatisticsName): StatisticsKind {
  if (Object.hasOwn(KINDS, kind)) return KINDS[kind];
  throw invalid(`No statistics "${kind}" for "${name}"`, [
    `Choose one of: ${Object.keys(KINDS).join(", ")}`,
  ]);
}

/** Whether a metric is a part of the statistics with this name. */
export function partOf(name: string): (metric: string) => boolean {
  return (metric) => metric.startsWith(`${name}.`);
}
