/** The middle value, or the mean of the two middle ones. At least one value is needed. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
}

/**
 * The median of the quotients of values that belong together: those measured in the same turn, one right after the
 * other, so that what slows a shared machine down for minutes slows both.
 *
 * @param dividends as many as there are divisors, in the same order
 */
export function pairedRatio(dividends: readonly number[], divisors: readonly number[]): number {
  if (dividends.length !== divisors.length) {
    throw new RangeError(`${dividends.length} values cannot be paired with ${divisors.length}`);
  }
  return median(dividends.map((dividend, turn) => dividend / divisors[turn]!));
}
