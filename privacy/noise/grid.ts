/** The multiple of a power of two that is nearest to a number. */
export function toGrid(value: number, step: number): number {
  const multiples = value / step;
  // A number so large is a multiple already.
  return Math.abs(multiples) >= 2 ** 52 ? value : Math.round(multiples) * step;
}
