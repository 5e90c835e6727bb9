import { FlwrError } from "../../../base/error.ts";
import { elementCount, tensor } from "../../../tensor/tensor.ts";
import { fill, where } from "../../graph/elementwise.ts";
import { pad, slice } from "../../graph/movement.ts";
import { normalizeAxis, showShape } from "../../graph/shape.ts";
import { constant, type Value } from "../../graph/value.ts";
import type { NodeCall, Rule } from "../graph/call.ts";
import { gatherAlong } from "./indexing.ts";
import { requireConstantSize } from "./shapes.ts";

/** For each position of the padded axis, the position that it copies; for the modes that repeat existing elements. */
function source(mode: string, length: number, before: number, after: number): number[] {
  return Array.from({ length: before + length + after }, (_, i) => {
    const at = i - before;
    if (mode === "edge") return Math.min(length - 1, Math.max(0, at));
    if (mode === "wrap") return ((at % length) + length) % length;
    if (length === 1) return 0;
    const period = 2 * (length - 1);
    const folded = ((at % period) + period) % period;
    return folded < length ? folded : period - folded;
  });
}

function padded(call: NodeCall): Value {
  const x = call.value(0);
  const rank = x.shape.length;
  const pads = call.integers("pads", 1) ?? [];
  const axes = (call.numbers(3) ?? x.shape.map((_, axis) => axis)).map((axis) =>
    normalizeAxis(x.shape, axis)
  );
  if (pads.length !== 2 * axes.length || pads.some((n) => !Number.isSafeInteger(n))) {
    throw new FlwrError(
      "invalid-argument",
      `Pads [${pads}] do not match ${axes.length} axes of ${showShape(x.shape)}`,
    );
  }
  const before = new Array<number>(rank).fill(0);
  const after = new Array<number>(rank).fill(0);
  axes.forEach((axis, i) => {
    before[axis] = pads[i]!;
    after[axis] = pads[i + axes.length]!;
  });
  // Negative pads cut elements off.
  const inner = slice(
    x,
    before.map((n) => Math.max(0, -n)),
    x.shape.map((length, axis) => length - Math.max(0, -after[axis]!)),
  );
  const [front, back] = [before.map((n) => Math.max(0, n)), after.map((n) => Math.max(0, n))];
  const mode = call.string("mode", "constant");
  if (mode === "constant") return withConstant(call, inner, front, back);
  if (!["reflect", "edge", "wrap"].includes(mode)) {
    call.refuse("mode", mode, "constant, reflect, edge or wrap");
  }
  return inner.shape.reduce((value, length, axis) => {
    if (front[axis]! + back[axis]! === 0) return value;
    requireConstantSize([length + front[axis]! + back[axis]!]);
    const rows = source(mode, length, front[axis]!, back[axis]!);
    const indices = tensor("int64", [rows.length], BigInt64Array.from(rows, BigInt));
    return gatherAlong(value, constant(indices), axis);
  }, inner);
}

function withConstant(
  call: NodeCall,
  x: Value,
  before: readonly number[],
  after: readonly number[],
): Value {
  const number = call.number(2) ?? call.float("value", 0);
  const zeros = pad(x, before, after);
  if (number === 0 || zeros === x) return zeros;
  // The frame has length 1 along axes without padding, so that it does not depend on the batch.
  const added = x.shape.map((length, axis) => before[axis]! + after[axis]! > 0 ? length : 1);
  const shape = added.map((length, axis) => length + before[axis]! + after[axis]!);
  requireConstantSize(shape);
  const inside = Uint8Array.from({ length: elementCount(shape) }, (_, flat) => {
    let rest = flat;
    let all = 1;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const at = rest % shape[axis]! - before[axis]!;
      rest = Math.floor(rest / shape[axis]!);
      if (at < 0 || at >= added[axis]!) all = 0;
    }
    return all;
  });
  return where(constant(tensor("bool", shape, inside)), zeros, fill(number, x.dtype));
}

/** The rule of padding, with a constant or with existing elements. */
export const paddingRules: Readonly<Record<string, Rule>> = { Pad: padded };
