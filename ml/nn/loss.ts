import { checkOptionNames, type OptionNames } from "../../base/option_names.ts";
import * as ops from "../graph/elementwise.ts";
import { logSoftmax, reduceSum } from "../graph/reduce.ts";
import type { Value } from "../graph/value.ts";
import { requirePositive, requireRange } from "./optimizer.ts";
import { logitsOf } from "./probabilities.ts";
import { classTargets, matched, meanPerExample } from "./targets.ts";

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

/** Options of {@link crossEntropy}. */
export interface CrossEntropyOptions {
  /** Share of the target that is spread evenly over all classes, from 0 to below 1 (default 0). */
  readonly labelSmoothing?: number;
  /**
   * The output's axis that has a number for each class. Default: the last, −1. Convolutions have it at 1:
   * [batch, classes, height, width] for labels [batch, height, width].
   */
  readonly axis?: number;
}

const NAMES: OptionNames<CrossEntropyOptions> = { labelSmoothing: true, axis: true };
/** The names in PyTorch and Keras. */
const ELSEWHERE = {
  label_smoothing: "Write it as labelSmoothing",
  dim: "Write it as axis",
  weight: "Give examples weights in the data set",
  from_logits: "Leave it out: the network ends in logits",
};

/**
 * Cross-entropy, like PyTorch's CrossEntropyLoss: −log softmax(output)[label]. The output is logits [batch, …,
 * classes], or has the classes at another axis; targets are labels [batch, …] of any integer type, or float32 shares in
 * the output's shape. Where a network from an ONNX file ends in a softmax, that is taken as the softmax of this
 * formula.
 *
 * @throws FlwrError "invalid-argument" when the smoothing is out of range, and for unknown options
 */
export function crossEntropy(options: CrossEntropyOptions = {}): Loss {
  checkOptionNames("crossEntropy", options, NAMES, ELSEWHERE);
  const { labelSmoothing = 0, axis = -1 } = options;
  requireRange("label smoothing", labelSmoothing, 0, 1);
  const kind = "crossEntropy";
  const targets = classTargets(kind, axis);
  const shares = (output: Value, target: Value) => {
    const hard = targets.shares(output, target);
    if (labelSmoothing === 0) return hard;
    return ops.add(ops.mul(hard, 1 - labelSmoothing), labelSmoothing / targets.count(output));
  };
  return {
    kind,
    perExample(output, target) {
      const terms = ops.mul(logSoftmax(targets.logits(output)), shares(output, target));
      return meanPerExample(ops.neg(reduceSum(terms, { axes: [output.shape.length - 1] })));
    },
    correct: (output, target) => meanPerExample(targets.isRight(output, target)),
    classes: targets.count,
  };
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
 * The mean squared difference, like PyTorch's MSELoss. Output float32 [batch, …], targets of any numbers and the same
 * shape; axes of length 1 behind the batch may be missing, so that [batch] goes with [batch, 1].
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
