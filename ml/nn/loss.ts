import { FlwrError } from "../../base/error.ts";
import * as ops from "../graph/elementwise.ts";
import { oneHot } from "../graph/indexing.ts";
import { reshape } from "../graph/movement.ts";
import { argMax, logSoftmax, reduceMean, reduceSum } from "../graph/reduce.ts";
import { sameShape, showShape } from "../graph/shape.ts";
import type { Value } from "../graph/value.ts";
import { requirePositive, requireRange } from "./optimizer.ts";
import { logitsOf } from "./probabilities.ts";

/** A function that training minimises. Training uses its mean over the batch. */
export interface Loss {
  /** The kind of loss, for messages: `crossEntropy`. */
  readonly kind: string;
  /** The loss of each example, float32 [batch], from the network's output [batch, …] and the targets [batch, …]. */
  perExample(output: Value, target: Value): Value;
  /**
   * Share of each example that is predicted correctly, 0 to 1, float32 [batch]. Missing if the loss does not define
   * correctness.
   */
  correct?(output: Value, target: Value): Value;
  /** Number of classes: integer targets must be from 0 to below it. Missing if targets may be any numbers. */
  classes?(output: Value): number;
  /** The smallest and the largest allowed target. Undefined if targets may be any numbers. */
  readonly targetRange?: readonly [number, number];
}

function misfit(kind: string, needs: string, output: Value, target: Value): FlwrError {
  return new FlwrError(
    "invalid-argument",
    `Loss "${kind}" needs ${needs}: got ${output.dtype} ${showShape(output.shape)} and ` +
      `${target.dtype} ${showShape(target.shape)}`,
  );
}

/** The mean over each example's numbers: [batch, …] → [batch]. */
function meanPerExample(x: Value): Value {
  if (x.shape.length === 1) return x;
  return reduceMean(x, { axes: x.shape.map((_, axis) => axis).slice(1) });
}

const isReal = ({ dtype }: Value) => dtype.startsWith("float");

/** Options of {@link crossEntropy}. */
export interface CrossEntropyOptions {
  /** Share of the target that is spread evenly over all classes, from 0 to below 1 (default 0). */
  readonly labelSmoothing?: number;
}

/**
 * Cross-entropy like PyTorch's CrossEntropyLoss: −log softmax(output)[label]. The output is logits, float32 [batch, …,
 * classes]; targets are labels [batch, …] of any integer type, or probabilities, float32 [batch, …, classes]. If a
 * network from an ONNX file ends in a softmax, that softmax is the one of this formula.
 *
 * @throws FlwrError "invalid-argument" when the smoothing is out of range
 */
export function crossEntropy(options: CrossEntropyOptions = {}): Loss {
  const { labelSmoothing = 0 } = options;
  requireRange("label smoothing", labelSmoothing, 0, 1);
  const kind = "crossEntropy";
  const isSoft = (output: Value, target: Value) =>
    isReal(target) && sameShape(output.shape, target.shape);
  const shares = (output: Value, target: Value) => {
    const classes = output.shape.at(-1)!;
    if (!isSoft(output, target)) {
      if (isReal(target) || !sameShape(output.shape.slice(0, -1), target.shape)) {
        throw misfit(kind, "logits [batch, classes] and labels [batch]", output, target);
      }
    }
    const hard = isSoft(output, target) ? target : oneHot(target, classes);
    if (labelSmoothing === 0) return hard;
    return ops.add(ops.mul(hard, 1 - labelSmoothing), labelSmoothing / classes);
  };
  return {
    kind,
    perExample(output, target) {
      const terms = ops.mul(logSoftmax(logitsOf(output, "softmax")), shares(output, target));
      return meanPerExample(ops.neg(reduceSum(terms, { axes: [output.shape.length - 1] })));
    },
    correct(output, target) {
      const label = isSoft(output, target) ? argMax(target) : ops.cast(target, "int64");
      return meanPerExample(ops.cast(ops.equal(argMax(output), label), "float32"));
    },
    classes: (output) => output.shape.at(-1)!,
  };
}

/** Targets as float32 in the output's shape; targets [batch] fit an output [batch, 1]. */
function matched(kind: string, output: Value, target: Value): Value {
  const trimmed = output.shape.at(-1) === 1 ? output.shape.slice(0, -1) : output.shape;
  if (!sameShape(target.shape, output.shape) && !sameShape(target.shape, trimmed)) {
    throw misfit(kind, "an output and targets of one shape", output, target);
  }
  return reshape(ops.cast(target, "float32"), output.shape);
}

function elementwiseLoss(
  kind: string,
  of: (output: Value, target: Value) => Value,
  right?: (output: Value, target: Value) => Value,
): Loss {
  const per = (f: (output: Value, target: Value) => Value) => (output: Value, target: Value) =>
    meanPerExample(f(output, matched(kind, output, target)));
  return { kind, perExample: per(of), ...(right && { correct: per(right) }) };
}

/**
 * The mean squared difference, like PyTorch's MSELoss. The output is float32 [batch, …], targets are numbers of any
 * dtype in the same shape; targets [batch] fit an output [batch, 1].
 */
export function meanSquaredError(): Loss {
  return elementwiseLoss("meanSquaredError", (output, target) => {
    const difference = ops.sub(output, target);
    return ops.mul(difference, difference);
  });
}

/** The mean absolute difference, like PyTorch's L1Loss; shapes as in {@link meanSquaredError}. */
export function meanAbsoluteError(): Loss {
  return elementwiseLoss(
    "meanAbsoluteError",
    (output, target) => ops.abs(ops.sub(output, target)),
  );
}

/**
 * Half the squared difference up to `delta`, linear beyond it, like PyTorch's HuberLoss; shapes as in {@link
 * meanSquaredError}.
 *
 * @param delta greater than 0 (default 1)
 * @throws FlwrError "invalid-argument" when delta is out of range
 */
export function huber(delta = 1): Loss {
  requirePositive("delta of the Huber loss", delta);
  return elementwiseLoss("huber", (output, target) => {
    // With q = min(|d|, δ), q²/2 + δ (|d| − q) equals both branches.
    const distance = ops.abs(ops.sub(output, target));
    const near = ops.minimum(distance, delta);
    return ops.add(
      ops.mul(ops.mul(near, near), 0.5),
      ops.mul(ops.sub(distance, near), delta),
    );
  });
}

/**
 * Binary cross-entropy of logits with targets from 0 to 1, like PyTorch's BCEWithLogitsLoss: −y log σ(x) − (1 − y)
 * log(1 − σ(x)), the mean over each example's numbers; shapes as in {@link meanSquaredError}. An output above 0 is
 * correct where the target is above ½. If a network from an ONNX file ends in a sigmoid, that sigmoid is the σ of this
 * formula. Data sets with other targets, such as masks of 0 and 255, are refused.
 */
export function binaryCrossEntropy(): Loss {
  const loss = elementwiseLoss(
    "binaryCrossEntropy",
    (output, y) => {
      // log(1 + eˣ) − x y is equal and never overflows.
      const x = logitsOf(output, "sigmoid");
      return ops.sub(ops.softplus(x), ops.mul(x, y));
    },
    (output, y) => {
      const yes = ops.less(0, logitsOf(output, "sigmoid"));
      return ops.cast(ops.equal(yes, ops.less(0.5, y)), "float32");
    },
  );
  // Outside of this range the loss has no lower bound: it decreases as long as the outputs grow.
  return { ...loss, targetRange: [0, 1] };
}

/**
 * A loss multiplied by a number, for networks with several outputs, whose losses are added.
 *
 * @param weight at least 0
 * @throws FlwrError "invalid-argument" when the weight is out of range
 */
export function weighted(loss: Loss, weight: number): Loss {
  requireRange("weight of a loss", weight, 0, Infinity);
  return {
    ...loss,
    perExample: (output, target) => ops.mul(loss.perExample(output, target), weight),
  };
}
