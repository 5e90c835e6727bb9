import { FlwrError } from "../../../base/error.ts";
import { elementCount } from "../../../tensor/tensor.ts";
import { mul } from "../../graph/elementwise.ts";
import { concat, reshape, transpose } from "../../graph/movement.ts";
import { softmax } from "../../graph/reduce.ts";
import { normalizeAxes, normalizeAxis, showShape } from "../../graph/shape.ts";
import type { Value } from "../../graph/value.ts";
import type { NodeCall, Rule } from "../graph/call.ts";

function reshaped(call: NodeCall): Value {
  const x = call.value(0);
  const requested = call.integers("shape", 1) ?? [];
  const copies = call.int("allowzero", 0) === 0;
  const shape = requested.map((length, axis) =>
    copies && length === 0 ? x.shape[axis] ?? 0 : length
  );
  const known = elementCount(shape.filter((length) => length !== -1));
  const open = shape.includes(-1);
  const total = elementCount(x.shape);
  const { fixed, now } = call.batch;
  // Files exported for a fixed number of examples have that number where they mean the batch.
  const isFixed = fixed !== undefined && fixed !== now && shape[0] === fixed;
  if (isFixed && !open && known !== total && known / fixed * now === total) {
    return reshape(x, [now, ...shape.slice(1)]);
  }
  const wrong = shape.some((length) => !Number.isSafeInteger(length) || length < -1) ||
    (open ? known === 0 || total % known !== 0 : known !== total);
  if (wrong) {
    throw new FlwrError(
      "invalid-argument",
      `An array of shape ${showShape(x.shape)} cannot be reshaped to ${showShape(shape)}`,
      { hints: ["Export the file with a dynamic batch axis"] },
    );
  }
  return reshape(x, shape);
}

function flatten(call: NodeCall): Value {
  const x = call.value(0);
  const axis = call.int("axis", 1);
  const split = axis < 0 ? axis + x.shape.length : axis;
  if (!(split >= 0 && split <= x.shape.length)) {
    call.refuse("axis", axis, `an axis of ${showShape(x.shape)}`);
  }
  return reshape(x, [elementCount(x.shape.slice(0, split)), elementCount(x.shape.slice(split))]);
}

function squeeze(call: NodeCall): Value {
  const x = call.value(0);
  const requested = call.integers("axes", 1);
  const axes = requested === undefined
    ? call.lengthOneAxes(x.shape)
    : normalizeAxes(x.shape, requested);
  if (axes.some((axis) => x.shape[axis] !== 1)) {
    throw new FlwrError(
      "invalid-argument",
      `Axes [${axes}] of ${showShape(x.shape)} do not all have length 1`,
    );
  }
  return reshape(x, x.shape.filter((_, axis) => !axes.includes(axis)));
}

function unsqueeze(call: NodeCall): Value {
  const x = call.value(0);
  const requested = call.integers("axes", 1) ?? [];
  const rank = new Array<number>(x.shape.length + requested.length).fill(1);
  const axes = normalizeAxes(rank, requested);
  const lengths = [...x.shape];
  return reshape(x, rank.map((_, axis) => axes.includes(axis) ? 1 : lengths.shift()!));
}

function blocksOf(call: NodeCall, x: Value): number {
  const size = call.int("blocksize", 0);
  if (x.shape.length !== 4) {
    throw new FlwrError(
      "invalid-argument",
      `Its input must be [batch, channels, height, width]: got ${showShape(x.shape)}`,
    );
  }
  if (!(size >= 1)) call.refuse("blocksize", size, "a positive integer");
  return size;
}

function modeOf(call: NodeCall): "DCR" | "CRD" {
  const mode = call.string("mode", "DCR");
  return mode === "DCR" || mode === "CRD" ? mode : call.refuse("mode", mode, "DCR or CRD");
}

/** Rearranges channels into blocks of pixels. In mode CRD, the channels of one block are adjacent. */
function depthToSpace(call: NodeCall): Value {
  const x = call.value(0);
  const size = blocksOf(call, x);
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const depth = channels / size ** 2;
  if (!Number.isInteger(depth)) {
    call.refuse("blocksize", size, `one whose square divides the ${channels} channels`);
  }
  const apart = modeOf(call) === "DCR"
    ? transpose(reshape(x, [batch, size, size, depth, height, width]), [0, 3, 4, 1, 5, 2])
    : transpose(reshape(x, [batch, depth, size, size, height, width]), [0, 1, 4, 2, 5, 3]);
  return reshape(apart, [batch, depth, height * size, width * size]);
}

/** Rearranges blocks of pixels into channels. */
function spaceToDepth(call: NodeCall): Value {
  const x = call.value(0);
  const size = blocksOf(call, x);
  const [batch, depth, height, width] = x.shape as [number, number, number, number];
  const [rows, columns] = [height / size, width / size];
  if (!Number.isInteger(rows) || !Number.isInteger(columns)) {
    call.refuse(
      "blocksize",
      size,
      `a divisor of the height and the width of ${showShape(x.shape)}`,
    );
  }
  const apart = reshape(x, [batch, depth, rows, size, columns, size]);
  const order = modeOf(call) === "DCR" ? [0, 3, 5, 1, 2, 4] : [0, 1, 3, 5, 2, 4];
  return reshape(transpose(apart, order), [batch, depth * size ** 2, rows, columns]);
}

/** p of [1 − p, p], if p is a sigmoid of one number per example. */
function chanceOf([low, high]: readonly Value[]): Value | undefined {
  if (low?.primitive !== "sub" || high?.primitive !== "sigmoid" || low.inputs[1] !== high) return;
  if (high.shape.at(-1) !== 1) return;
  const one = low.inputs[0]!;
  const isOne = one.primitive === "constant" && one.attributes.tensor.data.length === 1 &&
    Number(one.attributes.tensor.data[0]) === 1;
  return isOne ? high : undefined;
}

function join(call: NodeCall): Value {
  const parts = call.all();
  const axis = call.int("axis", 0);
  const chance = parts.length === 2 ? chanceOf(parts) : undefined;
  if (chance !== undefined && normalizeAxis(chance.shape, axis) === chance.shape.length - 1) {
    // [1 − σ(z), σ(z)] is softmax([0, z]). In that form, cross-entropy finds the logits.
    const z = chance.inputs[0]!;
    return softmax(concat([mul(z, 0), z], axis), axis);
  }
  return concat(parts, axis);
}

/** Rules that reshape and reorder elements. */
export const movementRules: Readonly<Record<string, Rule>> = {
  Reshape: reshaped,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
  Concat: join,
  Transpose: (call) => transpose(call.value(0), call.ints("perm")),
};
