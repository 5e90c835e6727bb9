import { FlwrError } from "../../../base/error.ts";
import { tensor } from "../../../tensor/tensor.ts";
import { gather } from "../../graph/indexing.ts";
import { concat, reshape, slice, transpose } from "../../graph/movement.ts";
import { normalizeAxes, normalizeAxis, showShape } from "../../graph/shape.ts";
import { constant, type Value } from "../../graph/value.ts";
import type { Call, Rule } from "../call.ts";
import { requireFoldable } from "./shapes.ts";

/** Elements from … to (exclusive) along one axis. */
function part(x: Value, axis: number, from: number, to: number): Value {
  return slice(
    x,
    x.shape.map((_, other) => other === axis ? from : 0),
    x.shape.map((length, other) => other === axis ? to : length),
  );
}

/** ONNX's Gather: along any axis, with indices of any shape in the axis's place. */
export function gatherAlong(x: Value, indices: Value, axis: number): Value {
  const rest = x.shape.map((_, other) => other).filter((other) => other !== axis);
  const rows = gather(transpose(x, [axis, ...rest]), indices);
  // The indices' axes lie in front and go to where the axis was.
  const count = indices.shape.length;
  const order = [
    ...Array.from({ length: axis }, (_, i) => count + i),
    ...Array.from({ length: count }, (_, i) => i),
    ...Array.from({ length: rest.length - axis }, (_, i) => count + axis + i),
  ];
  return transpose(rows, order);
}

function gathered(call: Call): Value {
  const x = call.value(0);
  const axis = normalizeAxis(x.shape, call.int("axis", 0));
  const indices = call.value(1);
  if (indices.primitive !== "constant" || indices.shape.length > 0) {
    return gatherAlong(x, indices, axis);
  }
  // One known position is a slice, whose gradient is cheaper than a scatter.
  const length = x.shape[axis]!;
  const index = Number(indices.attributes.tensor.data[0]);
  const at = index < 0 ? index + length : index;
  if (!(at >= 0 && at < length)) {
    throw new FlwrError(
      "invalid-argument",
      `Index ${index} is outside of axis ${axis} of ${showShape(x.shape)}`,
    );
  }
  return reshape(part(x, axis, at, at + 1), x.shape.filter((_, other) => other !== axis));
}

/** Positions that ONNX's Slice takes from an axis of a length; ends may lie far outside. */
function positions(length: number, start: number, end: number, step: number): number[] {
  const clamp = (at: number, low: number, high: number) =>
    Math.min(high, Math.max(low, at < 0 ? at + length : at));
  const [from, to] = step > 0
    ? [clamp(start, 0, length), clamp(end, 0, length)]
    : [clamp(start, 0, length - 1), clamp(end, -1, length - 1)];
  const count = Math.max(0, Math.ceil((to - from) / step));
  return Array.from({ length: count }, (_, i) => from + i * step);
}

function sliced(call: Call): Value {
  const starts = call.integers("starts", 1) ?? [];
  const ends = call.integers("ends", 2) ?? [];
  const told = call.integers("axes", 3) ?? starts.map((_, axis) => axis);
  const steps = call.numbers(4) ?? starts.map(() => 1);
  let x = call.value(0);
  normalizeAxes(x.shape, told);
  const wrong = steps.some((step) => !Number.isSafeInteger(step) || step === 0);
  if (ends.length !== starts.length || steps.length !== told.length || wrong) {
    throw new FlwrError(
      "invalid-argument",
      `Starts [${starts}], ends [${ends}], axes [${told}] and steps [${steps}] do not pair up`,
    );
  }
  told.forEach((axis, i) => {
    const along = normalizeAxis(x.shape, axis);
    const length = x.shape[along]!;
    const taken = positions(length, starts[i]!, ends[i]!, steps[i]!);
    if (steps[i] === 1) {
      const from = taken[0] ?? 0;
      x = part(x, along, from, from + taken.length);
    } else x = gatherAlong(x, rowIndices(taken), along);
  });
  return x;
}

function rowIndices(rows: readonly number[]): Value {
  return constant(tensor("int64", [rows.length], BigInt64Array.from(rows, BigInt)));
}

function split(call: Call): Value[] {
  const x = call.value(0);
  const axis = normalizeAxis(x.shape, call.int("axis", 0));
  const length = x.shape[axis]!;
  const count = call.int("num_outputs", call.node.outputs.length);
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
  return lengths.map((part_) => part(x, axis, from, from += part_));
}

function tile(call: Call): Value {
  const repeats = call.numbers(1) ?? [];
  let x = call.value(0);
  requireFoldable(repeats);
  if (repeats.length !== x.shape.length) {
    throw new FlwrError(
      "invalid-argument",
      `Repeats [${repeats}] do not belong to the axes of ${showShape(x.shape)}`,
    );
  }
  repeats.forEach((times, axis) => {
    if (times === 0) x = part(x, axis, 0, 0);
    else x = concat(Array.from({ length: times }, () => x), axis);
  });
  return x;
}

/** Parts of arrays, by positions. */
export const indexingRules: Readonly<Record<string, Rule>> = {
  Gather: gathered,
  Slice: sliced,
  Split: split,
  Tile: tile,
};
