/** Mean and standard deviation of a sample. */
export interface Spread {
  readonly mean: number;
  /** Of the population, estimated with n − 1. */
  readonly deviation: number;
  readonly count: number;
}

/** A sample's mean and spread. At least two values are needed. */
export function spreadOf(values: readonly number[]): Spread {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / (count - 1)), count };
}

/** The difference of two means in standard errors (Welch's t). */
export function standardErrors(a: Spread, b: Spread): number {
  return (a.mean - b.mean) / Math.sqrt(a.deviation ** 2 / a.count + b.deviation ** 2 / b.count);
}
