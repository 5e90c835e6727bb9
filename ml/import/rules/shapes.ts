import { FlwrError } from "../../../base/error.ts";
import { elementCount, tensor } from "../../../tensor/tensor.ts";
import { arrayConstructor } from "../../../tensor/dtype.ts";
import { broadcastTo } from "../../graph/movement.ts";
import { showShape } from "../../graph/shape.ts";
import { constant, type Value } from "../../graph/value.ts";
import type { NodeCall, Rule } from "../graph/call.ts";
import { realTensor } from "../graph/real_tensor.ts";

/** Most elements of an array that a node creates: 64 MiB of float32. */
export const MAX_CONSTANT_ELEMENTS = 2 ** 24;

function integers(values: readonly number[]): Value {
  return constant(tensor("int64", [values.length], BigInt64Array.from(values, BigInt)));
}

function scalar(value: number): Value {
  return constant(tensor("int64", [], BigInt64Array.of(BigInt(value))));
}

/**
 * Checks a shape for an array that is computed while the graph is read.
 *
 * @throws FlwrError when it is not a valid shape or too large
 */
export function requireConstantSize(shape: readonly number[]): void {
  const fits = shape.every((length) => Number.isSafeInteger(length) && length >= 0);
  if (fits && elementCount(shape) <= MAX_CONSTANT_ELEMENTS) return;
  throw new FlwrError(
    fits ? "resource-exhausted" : "invalid-argument",
    `${showShape(shape)} is not a shape of at most ${MAX_CONSTANT_ELEMENTS} elements`,
  );
}

function shapeOf(call: NodeCall): Value {
  const shape = call.shape(0);
  // Negative bounds count from the end, as in slices.
  return integers(shape.slice(call.int("start", 0), call.int("end", shape.length)));
}

function int64Constant(shape: readonly number[], values: readonly bigint[]): Value {
  return constant(tensor("int64", shape, BigInt64Array.from(values)));
}

function constantOf(call: NodeCall): Value {
  const given = call.tensor("value");
  if (given !== undefined) return constant(realTensor(given));
  const { attributes } = call.node;
  const float = (shape: readonly number[], numbers: readonly number[]) =>
    constant(tensor("float32", shape, Float32Array.from(numbers)));
  if (attributes.has("value_int")) return int64Constant([], call.exact("value_int")!);
  if (attributes.has("value_float")) return float([], [call.float("value_float", 0)]);
  const ints = call.exact("value_ints");
  if (ints !== undefined) return int64Constant([ints.length], ints);
  const floats = call.floats("value_floats");
  if (floats !== undefined) return float([floats.length], floats);
  return call.refuse("value", [...attributes.keys()], "a tensor or numbers");
}

function filled(call: NodeCall): Value {
  const shape = call.numbers(0) ?? [];
  requireConstantSize(shape);
  const value = realTensor(call.tensor("value") ?? tensor("float32", [], new Float32Array(1)));
  if (value.data.length !== 1) call.refuse("value", value.shape, "a tensor of one element");
  const data = new (arrayConstructor(value.dtype))(elementCount(shape));
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    data.fill(BigInt(value.data[0]!));
  } else data.fill(Number(value.data[0]));
  return constant(tensor(value.dtype, shape, data));
}

/** Number of integers from `start` to `limit` (exclusive); undefined if the step is 0. */
function wholeCount(start: bigint, limit: bigint, step: bigint): bigint | undefined {
  if (step === 0n) return undefined;
  const sign = step > 0n ? 1n : -1n;
  const [distance, width] = [(limit - start) * sign, step * sign];
  return distance <= 0n ? 0n : (distance + width - 1n) / width;
}

function range(call: NodeCall): Value {
  const { dtype } = call.known(0);
  const data = [0, 1, 2].map((i) => call.known(i).data[0]!);
  if (dtype === "int64" || dtype === "int32") {
    const [start, limit, step] = data.map(BigInt) as [bigint, bigint, bigint];
    const count = Number(wholeCount(start, limit, step) ?? NaN);
    requireConstantSize([count]);
    const values = Array.from({ length: count }, (_, i) => start + BigInt(i) * step);
    return dtype === "int64"
      ? int64Constant([count], values)
      : constant(tensor("int32", [count], Int32Array.from(values, Number)));
  }
  const [start, limit, step] = data.map(Number) as [number, number, number];
  if (dtype !== "float32") {
    throw new FlwrError("unimplemented", `A range of ${dtype} numbers is not supported`);
  }
  const count = Math.max(0, Math.ceil((limit - start) / step));
  requireConstantSize([count]);
  const values = Float32Array.from({ length: count }, (_, i) => start + i * step);
  return constant(tensor("float32", [count], values));
}

/** The product of the elements of a known tensor. Exporters multiply only shapes. */
export function product(call: NodeCall): Value {
  const { dtype, data } = call.known(0);
  // `numbers` limits the count.
  const numbers = call.numbers(0)!;
  const axes = call.integers("axes", 1) ?? [];
  const rank = call.shape(0).length;
  if (axes.length > 0 && axes.length !== rank) {
    call.refuse("axes", axes, `all ${rank} axes, or left out`);
  }
  const noop = axes.length === 0 && call.int("noop_with_empty_axes", 0) !== 0;
  if (noop) return constant(call.known(0));
  const shape = call.int("keepdims", 1) !== 0 ? call.shape(0).map(() => 1) : [];
  if (dtype === "int64") {
    const total = (data as BigInt64Array).reduce((a, b) => a * b, 1n);
    return int64Constant(shape, [BigInt.asIntN(64, total)]);
  }
  if (dtype === "float32") {
    return constant(tensor("float32", shape, Float32Array.of(numbers.reduce((a, b) => a * b, 1))));
  }
  throw new FlwrError("unimplemented", `The product of ${dtype} numbers is not supported`);
}

/** ONNX's Expand broadcasts in both directions: an axis with the requested length 1 keeps its length. */
function expand(call: NodeCall): Value {
  const x = call.value(0);
  const requested = call.numbers(1) ?? [];
  const rank = Math.max(requested.length, x.shape.length);
  const shape = Array.from({ length: rank }, (_, axis) => {
    const own = x.shape[axis - rank + x.shape.length] ?? 1;
    const wanted = requested[axis - rank + requested.length] ?? 1;
    return wanted === 1 ? own : wanted;
  });
  if (shape.some((length) => !Number.isSafeInteger(length) || length < 0)) {
    requireConstantSize(shape);
  }
  return broadcastTo(x, shape);
}

/** Rules of shapes and constants. */
export const shapeRules: Readonly<Record<string, Rule>> = {
  Shape: shapeOf,
  Size: (call) => scalar(elementCount(call.shape(0))),
  Constant: constantOf,
  ConstantOfShape: filled,
  Range: range,
  Expand: expand,
};
