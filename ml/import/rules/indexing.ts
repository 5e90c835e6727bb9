import { FlwrError } from "../../../base/error.ts";
import { tensor } from "../../../tensor/tensor.ts";
import { add, cast, equal, fill, less, where } from "../../graph/elementwise.ts";
import { gather, gatherElements, oneHot } from "../../graph/indexing.ts";
import { broadcastTo, reshape, slice, transpose } from "../../graph/movement.ts";
import { normalizeAxes, normalizeAxis, showShape } from "../../graph/shape.ts";
import { constant, type Value } from "../../graph/value.ts";
import type { NodeCall, Rule } from "../graph/call.ts";
import { requireConstantSize } from "./shapes.ts";

/** Elements `from` to `to` (exclusive) along one axis. */
function sliceAlong(x: Value, axis: number, from: number, to: number): Value {
  return slice(
    x,
    x.shape.map((_, other) => other === axis ? from : 0),
    x.shape.map((length, other) => other === axis ? to : length),
  );
}

/** ONNX's Gather: along any axis, with indices of any shape, whose axes replace it. */
export function gatherAlong(x: Value, indices: Value, axis: number): Value {
  const rest = x.shape.map((_, other) => other).filter((other) => other !== axis);
  const rows = gather(transpose(x, [axis, ...rest]), indices);
  // The axes of the indices come first and are moved to the place of the axis.
  const count = indices.shape.length;
  const order = [
    ...Array.from({ length: axis }, (_, i) => count + i),
    ...Array.from({ length: count }, (_, i) => i),
    ...Array.from({ length: rest.length - axis }, (_, i) => count + axis + i),
  ];
  return transpose(rows, order);
}

function gathered(call: NodeCall): Value {
  const x = call.value(0);
  const axis = normalizeAxis(x.shape, call.int("axis", 0));
  const indices = call.value(1);
  if (indices.primitive !== "constant" || indices.shape.length > 0) {
    return gatherAlong(x, indices, axis);
  }
  // A single known position is a slice, whose gradient is cheaper than a scatter.
  const length = x.shape[axis]!;
  const index = Number(indices.attributes.tensor.data[0]);
  const at = index < 0 ? index + length : index;
  if (!(at >= 0 && at < length)) {
    throw new FlwrError(
      "invalid-argument",
      `Index ${index} is outside of axis ${axis} of ${showShape(x.shape)}`,
    );
  }
  return reshape(sliceAlong(x, axis, at, at + 1), x.shape.filter((_, other) => other !== axis));
}

/** The start and the number of elements of ONNX's Slice on an axis; start and end can be far outside of it. */
function extent(length: number, start: number, end: number, step: number) {
  const clamp = (at: number, low: number, high: number) =>
    Math.min(high, Math.max(low, at < 0 ? at + length : at));
  const [from, to] = step > 0
    ? [clamp(start, 0, length), clamp(end, 0, length)]
    : [clamp(start, 0, length - 1), clamp(end, -1, length - 1)];
  return { from, count: Math.max(0, Math.ceil((to - from) / step)) };
}

/** ONNX's GatherElements; negative indices count from the end. */
function gatherElementsRule(call: NodeCall): Value {
  const [x, given] = [call.value(0), call.value(1)];
  const axis = normalizeAxis(x.shape, call.int("axis", 0));
  const length = x.shape[axis]!;
  if (given.primitive !== "constant") {
    return gatherElements(x, where(less(given, 0), add(given, length), given), axis);
  }
  const { tensor: { dtype, data } } = given.attributes;
  const outside = Array.from(data, Number).find((at) => at < -length || at >= length);
  if (outside !== undefined) {
    throw new FlwrError(
      "invalid-argument",
      `Index ${outside} is outside of axis ${axis} of ${showShape(x.shape)}`,
    );
  }
  const positive = (data as Int32Array).map((at) => Number(at) < 0 ? add64(at, length) : at);
  return gatherElements(x, constant(tensor(dtype, given.shape, positive as never)), axis);
}

/** A negative index, counted from the start instead. */
function add64<N extends number | bigint>(at: N, length: number): N {
  return (typeof at === "bigint" ? at + BigInt(length) : Number(at) + length) as N;
}

/**
 * ONNX's OneHot: a value at each position along a new axis, another value elsewhere; negative positions count from the
 * end.
 */
function oneHotRule(call: NodeCall): Value {
  const given = cast(call.value(0), "int64");
  const depth = call.number(1) ?? 0;
  requireConstantSize([depth]);
  const rank = given.shape.length + 1;
  const axis = normalizeAxis(new Array<number>(rank).fill(1), call.int("axis", -1));
  const hits = oneHot(where(less(given, 0), add(given, depth), given), depth);
  const order = hits.shape.map((_, i) => i < axis ? i : i === axis ? rank - 1 : i - 1);
  const values = call.operand(2);
  const [off, on] = [0, 1].map((i) => reshape(sliceAlong(values, 0, i, i + 1), [])) as [
    Value,
    Value,
  ];
  return where(equal(transpose(hits, order), 1), on, off);
}

/** The part of matrices above or below a diagonal; the rest becomes zero. */
function triangle(call: NodeCall): Value {
  const x = call.value(0);
  const [rows, columns] = x.shape.slice(-2);
  if (columns === undefined) {
    throw new FlwrError(
      "invalid-argument",
      `Its input must be matrices: got ${showShape(x.shape)}`,
    );
  }
  const upper = call.int("upper", 1) !== 0;
  // All diagonals beyond the corners give the same result.
  const most = Math.max(rows!, columns);
  const diagonal = Math.min(most, Math.max(-most, call.number(1) ?? 0));
  requireConstantSize([rows!, columns]);
  const kept = Uint8Array.from({ length: rows! * columns }, (_, i) => {
    const offset = i % columns - Math.floor(i / columns);
    return Number(upper ? offset >= diagonal : offset <= diagonal);
  });
  return where(constant(tensor("bool", [rows!, columns], kept)), x, fill(0, x.dtype));
}

function sliced(call: NodeCall): Value {
  const starts = call.integers("starts", 1) ?? [];
  const ends = call.integers("ends", 2) ?? [];
  const sliceAxes = call.integers("axes", 3) ?? starts.map((_, axis) => axis);
  const steps = call.numbers(4) ?? starts.map(() => 1);
  let x = call.value(0);
  normalizeAxes(x.shape, sliceAxes);
  const wrong = steps.some((step) => !Number.isSafeInteger(step) || step === 0);
  if (ends.length !== starts.length || steps.length !== sliceAxes.length || wrong) {
    throw new FlwrError(
      "invalid-argument",
      `Starts [${starts}], ends [${ends}], axes [${sliceAxes}] and steps [${steps}] have different lengths or invalid values`,
    );
  }
  sliceAxes.forEach((axis, i) => {
    const along = normalizeAxis(x.shape, axis);
    const length = x.shape[along]!;
    const step = steps[i]!;
    const { from, count } = extent(length, starts[i]!, ends[i]!, step);
    if (step === 1) x = sliceAlong(x, along, from, from + count);
    else {
      requireConstantSize([count]);
      const rows = BigInt64Array.from({ length: count }, (_, k) => BigInt(from + k * step));
      x = gatherAlong(x, constant(tensor("int64", [count], rows)), along);
    }
  });
  return x;
}

function split(call: NodeCall): Value[] {
  const x = call.value(0);
  const axis = normalizeAxis(x.shape, call.int("axis", 0));
  const length = x.shape[axis]!;
  const count = call.node.outputs.length;
  const size = Math.ceil(length / count);
  const lengths = call.integers("split", 1) ??
    Array.from({ length: count }, (_, i) => Math.min(size, length - i * size));
  const total = lengths.reduce((sum, part) => sum + part, 0);
  if (total !== length || lengths.some((part) => part < 0)) {
    throw new FlwrError(
      "invalid-argument",
      `Axis ${axis} of ${showShape(x.shape)} cannot be split into [${lengths}]`,
    );
  }
  let from = 0;
  return lengths.map((part_) => sliceAlong(x, axis, from, from += part_));
}

function tile(call: NodeCall): Value {
  const repeats = call.numbers(1) ?? [];
  const x = call.value(0);
  const wrong = repeats.some((times) => !Number.isSafeInteger(times) || times < 0);
  if (wrong || repeats.length !== x.shape.length) {
    throw new FlwrError(
      "invalid-argument",
      `Repeats [${repeats}] do not match the axes of ${showShape(x.shape)}`,
    );
  }
  // Each repeated axis gets a new axis in front of it, which is then broadcast.
  const apart = x.shape.flatMap((length, axis) => repeats[axis] === 1 ? [length] : [1, length]);
  const wide = x.shape.flatMap((length, axis) =>
    repeats[axis] === 1 ? [length] : [repeats[axis]!, length]
  );
  const whole = x.shape.map((length, axis) => length * repeats[axis]!);
  return reshape(broadcastTo(reshape(x, apart), wide), whole);
}

/** Rules that select parts of arrays by positions. */
export const indexingRules: Readonly<Record<string, Rule>> = {
  Gather: gathered,
  GatherElements: gatherElementsRule,
  OneHot: oneHotRule,
  Trilu: triangle,
  Slice: sliced,
  Split: split,
  Tile: tile,
};
