import { FlwrError } from "../../base/error.ts";
import { elementCount } from "../../tensor/tensor.ts";
import { broadcastShapes, normalizeAxes, normalizeAxis, sameShape, showShape } from "./shape.ts";
import { node, type Value } from "./value.ts";

/**
 * The same elements in another shape; one length may be −1 and is then computed.
 *
 * @throws FlwrError "invalid-argument" when the numbers of elements differ
 */
export function reshape(x: Value, shape: readonly number[]): Value {
  const known = shape.filter((length) => length !== -1);
  const missing = elementCount(x.shape) / elementCount(known);
  const full = shape.map((length) => length === -1 ? missing : length);
  if (elementCount(full) !== elementCount(x.shape) || known.length < shape.length - 1) {
    throw new FlwrError(
      "invalid-argument",
      `An array of shape ${showShape(x.shape)} cannot be reshaped to ${showShape(shape)}`,
    );
  }
  return sameShape(full, x.shape) ? x : node("reshape", {}, [x], full, x.dtype);
}

/** Axes in another order: axis i of the result is axis permutation[i] of x (default: reversed order). */
export function transpose(x: Value, permutation?: readonly number[]): Value {
  const order = permutation ?? x.shape.map((_, axis) => x.shape.length - 1 - axis);
  if (normalizeAxes(x.shape, order).length !== x.shape.length) {
    throw new FlwrError(
      "invalid-argument",
      `[${order}] is not an order of the axes of an array of shape ${showShape(x.shape)}`,
    );
  }
  const positive = order.map((axis) => axis < 0 ? axis + x.shape.length : axis);
  if (positive.every((axis, i) => axis === i)) return x;
  const shape = positive.map((axis) => x.shape[axis]!);
  return node("transpose", { permutation: positive }, [x], shape, x.dtype);
}

/** x broadcast to a larger shape by numpy's rule. */
export function broadcastTo(x: Value, shape: readonly number[]): Value {
  if (sameShape(x.shape, shape)) return x;
  if (!sameShape(broadcastShapes("broadcastTo", x.shape, shape), shape)) {
    throw new FlwrError(
      "invalid-argument",
      `An array of shape ${showShape(x.shape)} cannot be broadcast to ${showShape(shape)}`,
    );
  }
  return node("broadcastTo", {}, [x], shape, x.dtype);
}

/** Arrays joined along an axis; all other axes must be equal. */
export function concat(parts: readonly Value[], axis = 0): Value {
  const first = parts[0];
  if (first === undefined) {
    throw new FlwrError("invalid-argument", "Concatenation needs at least one array: got none");
  }
  const along = normalizeAxis(first.shape, axis);
  for (const part of parts) {
    const fits = part.dtype === first.dtype && part.shape.length === first.shape.length &&
      part.shape.every((length, other) => other === along || length === first.shape[other]);
    if (!fits) {
      throw new FlwrError(
        "invalid-argument",
        `Arrays to join along axis ${along} must agree in the other axes and in dtype: ` +
          `got ${first.dtype} ${showShape(first.shape)} and ${part.dtype} ${showShape(part.shape)}`,
      );
    }
  }
  if (parts.length === 1) return first;
  const total = parts.reduce((sum, part) => sum + part.shape[along]!, 0);
  const shape = first.shape.map((length, other) => other === along ? total : length);
  return node("concat", { axis: along }, parts, shape, first.dtype);
}

/** Elements start (inclusive) to end (exclusive) of each axis. */
export function slice(x: Value, start: readonly number[], end: readonly number[]): Value {
  const shape = x.shape.map((_, axis) => end[axis]! - start[axis]!);
  const fits = start.length === x.shape.length && end.length === x.shape.length &&
    x.shape.every((length, axis) => start[axis]! >= 0 && shape[axis]! >= 0 && end[axis]! <= length);
  if (!fits) {
    throw new FlwrError(
      "invalid-argument",
      `[${start}] to [${end}] is not inside an array of shape ${showShape(x.shape)}`,
    );
  }
  if (sameShape(shape, x.shape)) return x;
  return node("slice", { start: [...start], end: [...end] }, [x], shape, x.dtype);
}

/** Zeros added before and after each axis. */
export function pad(x: Value, before: readonly number[], after: readonly number[]): Value {
  const shape = x.shape.map((length, axis) => length + before[axis]! + after[axis]!);
  if (sameShape(shape, x.shape)) return x;
  return node("pad", { before: [...before], after: [...after] }, [x], shape, x.dtype);
}
