import { median, pairedRatio } from "./statistics.ts";
import { formatTable } from "./table.ts";
import { formatValue, type Unit } from "./unit.ts";

/** Who is measured: this project, or the real Flower in Python. */
export type Side = "flwr" | "python";

/** One thing measured on both sides, once in each turn. */
export interface Comparison {
  /** What was measured, e.g. "wall time". */
  readonly measure: string;
  readonly unit: Unit;
  /** Which values are good ones; "neither" where values are shown beside each other without a judgement. */
  readonly better: "less" | "more" | "neither";
  /** By how much this project is to be better at least. */
  readonly goal?: number;
  /** A value for each turn, for each side. */
  readonly values: Readonly<Record<Side, readonly number[]>>;
}

/** How often this project is better: the median over the turns; undefined where nothing is better. */
export function ratioOf({ better, values }: Comparison): number | undefined {
  if (better === "neither") return undefined;
  return better === "less"
    ? pairedRatio(values.python, values.flwr)
    : pairedRatio(values.flwr, values.python);
}

/** The best of a side's values; undefined where nothing is better. */
export function bestOf({ better, values }: Comparison, side: Side): number | undefined {
  if (better === "neither") return undefined;
  return better === "more" ? Math.max(...values[side]) : Math.min(...values[side]);
}

/** Comparisons as a table, a row for each; with a column of goals where there are any. */
export function comparisonTable(comparisons: readonly Comparison[]): string[] {
  const goals = comparisons.some(({ goal }) => goal !== undefined);
  const head = [
    "",
    "flwr best",
    "flwr median",
    "Python best",
    "Python median",
    "flwr is better by",
    ...(goals ? ["goal"] : []),
  ];
  return formatTable(
    head,
    comparisons.map((comparison) => {
      const { measure, unit, values } = comparison;
      const cell = (value: number | undefined, of: Unit = unit) =>
        value === undefined ? "" : formatValue(value, of);
      return [
        measure,
        cell(bestOf(comparison, "flwr")),
        cell(median(values.flwr)),
        cell(bestOf(comparison, "python")),
        cell(median(values.python)),
        cell(ratioOf(comparison), "×"),
        ...(goals ? [cell(comparison.goal, "×")] : []),
      ];
    }),
  );
}

/** Comparisons as JSON, a line for each number: two or three lines per comparison. */
export function comparisonLines(bench: string, comparisons: readonly Comparison[]): string[] {
  return comparisons.flatMap((comparison) => {
    const { measure, unit, values, goal } = comparison;
    const ratio = ratioOf(comparison);
    const sides = (["flwr", "python"] as const).map((side) => ({
      bench,
      measure,
      side,
      unit,
      best: rounded(bestOf(comparison, side)), // undefined vanishes in JSON
      median: rounded(median(values[side])),
      repeats: values[side].length,
    }));
    const repeats = values.flwr.length;
    const ratios = ratio === undefined
      ? []
      : [{ bench, measure, unit: "×", ratio: rounded(ratio), goal, repeats }];
    return [...sides, ...ratios].map((line) => JSON.stringify(line));
  });
}

/** Six significant digits: more than any measurement has. */
function rounded(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Number(value.toPrecision(6));
}
