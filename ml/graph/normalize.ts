import { normalizeAxes } from "./shape.ts";
import { node, type Value } from "./value.ts";

/** Options of normalisation. */
export interface NormalizeOptions {
  readonly axes: readonly number[];
  /** Added to the variance, so that equal numbers do not cause a division by zero. */
  readonly epsilon: number;
}

/**
 * (x − mean) / √(variance + epsilon) over axes, in x's shape. The variance is the mean squared distance from the mean
 * (divided by n, not n − 1), as in all normalising layers.
 */
export function normalize(x: Value, options: NormalizeOptions): Value {
  const axes = normalizeAxes(x.shape, options.axes);
  return node("normalize", { axes, epsilon: options.epsilon }, [x], x.shape, x.dtype);
}

/** 1 / √(variance + epsilon) over axes, which keep length 1. */
export function inverseDeviation(x: Value, options: NormalizeOptions): Value {
  const axes = normalizeAxes(x.shape, options.axes);
  const shape = x.shape.map((length, axis) => axes.includes(axis) ? 1 : length);
  return node("inverseDeviation", { axes, epsilon: options.epsilon }, [x], shape, x.dtype);
}
