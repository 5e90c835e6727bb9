import { FlwrError } from "../../base/error.ts";
import { div } from "./elementwise.ts";
import { normalizeAxes, normalizeAxis } from "./shape.ts";
import { node, type Value } from "./value.ts";

/** Which axes a reduction goes over (default: all) and whether they stay with length 1 (default: no). */
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

/** How sums run along an axis. */
export interface CumSumOptions {
  /** Whether an element is left out of its own sum (default no). */
  readonly exclusive?: boolean;
  /** Whether sums begin at the end (default no). */
  readonly reverse?: boolean;
}

/** The sums of the elements up to each along an axis. */
export function cumSum(x: Value, axis: number, options: CumSumOptions = {}): Value {
  const { exclusive = false, reverse = false } = options;
  const along = normalizeAxis(x.shape, axis);
  return node("cumSum", { axis: along, exclusive, reverse }, [x], x.shape, x.dtype);
}

/**
 * Positions of the k largest or smallest elements along an axis, the best first; int64, no gradient.
 *
 * @throws FlwrError "invalid-argument" when the axis is shorter than k
 */
export function topK(x: Value, k: number, axis: number, largest = true): Value {
  const along = normalizeAxis(x.shape, axis);
  if (!Number.isSafeInteger(k) || k < 0 || k > x.shape[along]!) {
    throw new FlwrError(
      "invalid-argument",
      `An axis of length ${x.shape[along]} has no ${k} largest or smallest elements`,
    );
  }
  const shape = x.shape.map((length, other) => other === along ? k : length);
  return node("topK", { axis: along, k, largest }, [x], shape, "int64");
}
