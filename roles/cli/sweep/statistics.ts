/** Mean and deviation of the values of several runs. */
export interface Statistic {
  /** NaN if a value is NaN. */
  readonly mean: number;
  /** Sample standard deviation, with n − 1 in the denominator. Undefined for one value. */
  readonly deviation: number | undefined;
  /** Number of values, from 1. */
  readonly count: number;
}

/** Describes values. Undefined if there are none. */
export function statisticOf(values: readonly number[]): Statistic | undefined {
  const count = values.length;
  if (count === 0) return undefined;
  // Relative to the first, so that equal values have exactly this mean, and no deviation.
  const first = Number.isFinite(values[0]) ? values[0]! : 0;
  const mean = first + values.reduce((sum, value) => sum + (value - first), 0) / count;
  if (count === 1) return { mean, deviation: undefined, count };
  // In two passes: the difference of large sums would lose the digits of a small deviation.
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (count - 1)), count };
}

/** Whether a metric is better when it is larger. */
export type Mode = "min" | "max";

/** Words in the names of metrics that are better when they are smaller. */
const SMALLER_IS_BETTER =
  /(^|[^a-z])(loss|error|err|mse|rmse|mae|nll|perplexity|epsilon)($|[^a-z])/i;

/** The mode that a metric's name suggests. */
export function modeOf(name: string): Mode {
  return SMALLER_IS_BETTER.test(name) ? "min" : "max";
}

/** Compares values for sorting, the best first. NaN and missing values come last. */
export function compareBy(mode: Mode, a: number | undefined, b: number | undefined): number {
  const [x, y] = [a, b].map((value) =>
    value === undefined || Number.isNaN(value) ? undefined : value
  );
  if (x === undefined || y === undefined) return Number(x === undefined) - Number(y === undefined);
  if (x === y) return 0;
  return (x < y) === (mode === "min") ? -1 : 1;
}

/** A number with four significant digits, for a table. */
function shortNumber(value: number, digits: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(digits))) : String(value);
}

/** "0.9312 ± 0.0021". @param of number of values that there could be: fewer are said */
export function statisticText(statistic: Statistic | undefined, of: number): string {
  if (statistic === undefined) return "";
  const { mean, deviation, count } = statistic;
  const spread = deviation === undefined ? "" : ` ± ${shortNumber(deviation, 2)}`;
  return `${shortNumber(mean, 4)}${spread}${count < of ? ` (n=${count})` : ""}`;
}
