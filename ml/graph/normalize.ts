import { normalizeAxes } from "./shape.ts";
import { node, type Value } from "./value.ts";

/** What numbers are normalised over. */
export interface NormalizeOptions {
  readonly axes: readonly number[];
  /** Added to the variance, so that equal numbers do not divide by zero. */
  readonly epsilon: number;
}

/**
 * (x − mean) / √(variance + epsilon) over axes, in x's shape. The variance is the mean squared distance from the mean
 * (divided by n, not n − 1), as all normalising layers use it.
 */
export function normalize(x: Value, options: NormalizeOptions): Value {
  const axes = normalizeAxes(x.shape, options.axes);
  return node("normalize", { axes, epsilon: options.epsilon }, [x], x.shape, x.dtype);
}

/** 1 / √(variance + epsilon) over axes, which stay with length 1. */
export function inverseDeviation(x: Value, options: NormalizeOptions): Value {
  const axes = normalizeAxes(x.shape, options.axes);
  const shape = x.shape.map((length, axis) => axes.includes(axis) ? 1 : length);
  return node("inverseDeviation", { axes, epsilon: options.epsilon }, [x], shape, x.dtype);
}
