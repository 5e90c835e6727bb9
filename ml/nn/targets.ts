import { FlwrError } from "../../base/error.ts";
import * as ops from "../graph/elementwise.ts";
import { oneHot } from "../graph/indexing.ts";
import { reshape, transpose } from "../graph/movement.ts";
import { argMax, reduceMean } from "../graph/reduce.ts";
import { normalizeAxis, sameShape, showShape } from "../graph/shape.ts";
import type { Value } from "../graph/value.ts";
import { logitsOf } from "./probabilities.ts";

/** The error of an output and targets that a loss cannot compare. */
function misfit(kind: string, needs: string, output: Value, target: Value): FlwrError {
  return new FlwrError(
    "invalid-argument",
    `Loss "${kind}" needs ${needs}: got ${output.dtype} ${showShape(output.shape)} and ` +
      `${target.dtype} ${showShape(target.shape)}`,
    { hints: classesElsewhere(output, target) },
  );
}

/** What to write where the labels fit the output without axis 1, as convolutions have their classes. */
function classesElsewhere({ shape }: Value, target: Value): string[] {
  const without = shape.filter((_, axis) => axis !== 1);
  if (shape.length < 3 || !sameShape(without, target.shape)) return [];
  return ["If the classes are the output's axis 1, as convolutions have them, set axis: 1"];
}

/** The mean of each example's numbers: [batch, …] → [batch]. */
export function meanPerExample(x: Value): Value {
  if (x.shape.length === 1) return x;
  return reduceMean(x, { axes: x.shape.map((_, axis) => axis).slice(1) });
}

/** Targets as float32, in the output's shape. Axes of length 1 behind the batch may be missing: [batch] fits [batch, 1]. */
export function matched(kind: string, output: Value, target: Value): Value {
  const long = ({ shape }: Value) => shape.filter((length, axis) => axis === 0 || length !== 1);
  if (!sameShape(long(target), long(output))) {
    throw misfit(kind, "an output and targets of one shape", output, target);
  }
  return reshape(ops.cast(target, "float32"), output.shape);
}

const isReal = ({ dtype }: Value) => dtype.startsWith("float");

/**
 * The place of an axis of an output.
 *
 * @throws FlwrError "invalid-argument" for that of the batch: examples have nothing to do with each other
 */
export function axisWithin(kind: string, { shape }: Value, axis: number): number {
  const along = normalizeAxis(shape, axis);
  if (along > 0) return along;
  throw new FlwrError(
    "invalid-argument",
    `Loss "${kind}" cannot go over axis ${axis} of an output of shape ${
      showShape(shape)
    }: that is the batch`,
  );
}

/** An array with one of its axes moved to the end. */
export function moveLast(x: Value, along: number): Value {
  const others = x.shape.map((_, other) => other).filter((other) => other !== along);
  return transpose(x, [...others, along]);
}

/** Outputs and targets of classes. */
export interface ClassTargets {
  /** The logits behind an output, [batch, …, classes]. */
  logits(output: Value): Value;
  /**
   * Shares of the classes, float32 [batch, …, classes], from labels or shares.
   *
   * @throws FlwrError "invalid-argument" for targets that do not belong to the output
   */
  shares(output: Value, target: Value): Value;
  /** Whether the class with the highest number is the target's, 0 or 1: float32 [batch, …]. */
  isRight(output: Value, target: Value): Value;
  /** How many classes an output has. */
  count(output: Value): number;
}

/**
 * Reads outputs and targets of classes: labels [batch, …] of any integer type, or float32 shares in the output's shape.
 *
 * @param kind the loss, for messages
 * @param axis the output's axis that has a number for each class
 */
export function classTargets(kind: string, axis: number): ClassTargets {
  const isSoft = (output: Value, target: Value) =>
    isReal(target) && sameShape(output.shape, target.shape);
  const along = (output: Value) => axisWithin(kind, output, axis);
  const count = (output: Value) => output.shape[along(output)]!;
  return {
    logits: (output) => moveLast(logitsOf(output, "softmax"), along(output)),
    shares(output, target) {
      const classes = along(output);
      if (isSoft(output, target)) return moveLast(target, classes);
      const one = output.shape.filter((_, other) => other !== classes);
      if (isReal(target) || !sameShape(one, target.shape)) {
        throw misfit(kind, "logits [batch, classes] and labels [batch]", output, target);
      }
      return oneHot(target, count(output));
    },
    isRight(output, target) {
      const label = isSoft(output, target) ? argMax(target, axis) : ops.cast(target, "int64");
      return ops.cast(ops.equal(argMax(output, axis), label), "float32");
    },
    count,
  };
}
