/** The mean of the values that are not NaN; NaN if there are none. */
export function mean(values: Float64Array, rows: Uint32Array): number {
  let sum = 0;
  let count = 0;
  for (const row of rows) {
    if (Number.isNaN(values[row])) continue;
    sum += values[row]!;
    count++;
  }
  return sum / count;
}

/** The median of the values that are not NaN; of an even number, the mean of the middle two; NaN if there are none. */
export function median(values: Float64Array, rows: Uint32Array): number {
  const there = Float64Array.from(rows, (row) => values[row]!).filter((x) => !Number.isNaN(x))
    .sort();
  const middle = there.length >> 1;
  if (there.length % 2 === 1) return there[middle]!;
  return (there[middle - 1]! + there[middle]!) / 2;
}

/** The standard deviation of the population about a mean; 1 if all values are equal, because they become 0 then. */
export function deviation(values: Float64Array, rows: Uint32Array, about: number): number {
  let squares = 0;
  for (const row of rows) squares += (values[row]! - about) ** 2;
  return deviationOf(squares, rows.length, about);
}

/** The standard deviation from the sum of squared distances from the mean. */
export function deviationOf(squares: number, count: number, about: number): number {
  const result = Math.sqrt(squares / count);
  // Rounding of the mean causes deviations of this size for equal cells.
  return result <= Math.abs(about) * 1e-12 ? 1 : result;
}
