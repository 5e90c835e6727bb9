import { FlwrError } from "../../base/error.ts";
import { div } from "./elementwise.ts";
import { normalizeAxes, normalizeAxis } from "./shape.ts";
import { node, type Value } from "./value.ts";

/** Options of reductions: the axes to reduce (default: all), and whether they keep length 1 (default: false). */
export interface ReduceOptions {
  readonly axes?: readonly number[];
  readonly keep?: boolean;
}

function reduce(primitive: "reduceSum" | "reduceMax", x: Value, options: ReduceOptions): Value {
  const axes = normalizeAxes(x.shape, options.axes ?? x.shape.map((_, axis) => axis));
  const keep = options.keep ?? false;
  if (axes.length === 0) return x;
  const shape = keep
    ? x.shape.map((length, axis) => axes.includes(axis) ? 1 : length)
    : x.shape.filter((_, axis) => !axes.includes(axis));
  return node(primitive, { axes, keep }, [x], shape, x.dtype);
}

/** The sum over axes. */
export function reduceSum(x: Value, options: ReduceOptions = {}): Value {
  return reduce("reduceSum", x, options);
}

/** The maximum over axes; equal maxima share the gradient, as in PyTorch's amax. */
export function reduceMax(x: Value, options: ReduceOptions = {}): Value {
  return reduce("reduceMax", x, options);
}

/** The mean over axes. */
export function reduceMean(x: Value, options: ReduceOptions = {}): Value {
  const axes = normalizeAxes(x.shape, options.axes ?? x.shape.map((_, axis) => axis));
  const count = axes.reduce((product, axis) => product * x.shape[axis]!, 1);
  return div(reduceSum(x, options), count);
}

/** eˣ / Σ eˣ along an axis. */
export function softmax(x: Value, axis = -1): Value {
  return node("softmax", { axis: normalizeAxis(x.shape, axis) }, [x], x.shape, x.dtype);
}

/** x − log Σ eˣ along an axis. */
export function logSoftmax(x: Value, axis = -1): Value {
  return node("logSoftmax", { axis: normalizeAxis(x.shape, axis) }, [x], x.shape, x.dtype);
}

/** The index of the first maximum along an axis, which is removed; int64, no gradient. */
export function argMax(x: Value, axis = -1): Value {
  const along = normalizeAxis(x.shape, axis);
  const shape = x.shape.filter((_, other) => other !== along);
  return node("argMax", { axis: along }, [x], shape, "int64");
}

/** Options of cumulative sums. */
export interface CumSumOptions {
  /** Whether each sum excludes its own element (default false). */
  readonly exclusive?: boolean;
  /** Whether sums start at the end (default false). */
  readonly reverse?: boolean;
}

/** The cumulative sums along an axis. */
export function cumSum(x: Value, axis: number, options: CumSumOptions = {}): Value {
  const { exclusive = false, reverse = false } = options;
  const along = normalizeAxis(x.shape, axis);
  return node("cumSum", { axis: along, exclusive, reverse }, [x], x.shape, x.dtype);
}

/**
 * Positions of the k largest or smallest elements along an axis, in order; int64, no gradient.
 *
 * @throws FlwrError "invalid-argument" when the axis is shorter than k
 */
export function topK(x: Value, k: number, axis: number, largest = true): Value {
  const along = normalizeAxis(x.shape, axis);
  if (!Number.isSafeInteger(k) || k < 0 || k > x.shape[along]!) {
    throw new FlwrError(
      "invalid-argument",
      `An axis of length ${x.shape[along]} has fewer than ${k} elements`,
    );
  }
  const shape = x.shape.map((length, other) => other === along ? k : length);
  return node("topK", { axis: along, k, largest }, [x], shape, "int64");
}
