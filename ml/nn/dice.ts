import { FlwrError } from "../../base/error.ts";
import { checkOptionNames, type OptionNames } from "../../base/option_names.ts";
import { elementCount } from "../../tensor/tensor.ts";
import * as ops from "../graph/elementwise.ts";
import { reshape, slice } from "../graph/movement.ts";
import { reduceSum, softmax } from "../graph/reduce.ts";
import type { Value } from "../graph/value.ts";
import type { Loss } from "./loss.ts";
import { requirePositive } from "./optimizer.ts";
import { logitsOf } from "./probabilities.ts";
import { axisWithin, classTargets, matched, meanPerExample, moveLast } from "./targets.ts";

/** Options of {@link diceLoss}. */
export interface DiceLossOptions {
  /**
   * "masks": targets are masks from 0 to 1 in the output's shape, and probabilities are sigmoids. "classes": targets
   * are labels or shares as for `crossEntropy`, and probabilities are a softmax over the classes (default "masks").
   */
  readonly of?: "masks" | "classes";
  /**
   * For classes, the output's axis with one number per class; convolutions have it at 1. For masks, the axis of several
   * masks that are scored separately (default: the last axis, −1, for classes; for masks, all numbers of an example are
   * one mask).
   */
  readonly axis?: number;
  /** Whether class 0, the background, is scored (default true). Classes only. */
  readonly background?: boolean;
  /**
   * Added to numerator and denominator, above 0, so an empty mask that is predicted as empty scores 1 (default 1e−5).
   */
  readonly smooth?: number;
}

/**
 * One minus the Dice coefficient, 1 − (2 Σ p t + s) / (Σ p + Σ t + s), p being the probabilities of an example's logits
 * and t its targets (Milletari et al., "V-Net", 2016, with plain sums in the denominator, like MONAI's DiceLoss). It
 * measures how little two masks overlap, whatever their size. The mean over classes, or over masks that are scored
 * apart. Right is what is right for `crossEntropy` or `binaryCrossEntropy`. Masks other than 0 to 1 are refused.
 *
 * @throws FlwrError "invalid-argument" for options that do not go together
 * @example Labels [batch, height, width] for an output [batch, classes, height, width].
 * ```ts
 * const loss = flwr.diceLoss({ of: "classes", axis: 1 });
 * ```
 */
export function diceLoss(options: DiceLossOptions = {}): Loss {
  checkOptionNames("diceLoss", options, NAMES, ELSEWHERE);
  const { of = "masks", smooth = 1e-5, background = true } = options;
  requirePositive("smoothing of the Dice loss", smooth);
  if (of !== "masks" && of !== "classes") {
    throw new FlwrError(
      "invalid-argument",
      `Option of of diceLoss must be "masks" or "classes": got ${JSON.stringify(of)}`,
    );
  }
  if (of === "classes") return diceOfClasses(options.axis ?? -1, background, smooth);
  if (!background) {
    throw new FlwrError(
      "invalid-argument",
      'Option background of diceLoss goes with of: "classes": a mask has no background of its own',
    );
  }
  return diceOfMasks(options.axis, smooth);
}

const KIND = "diceLoss";
const NAMES: OptionNames<DiceLossOptions> = {
  of: true,
  axis: true,
  background: true,
  smooth: true,
};
/** The names in MONAI and segmentation_models_pytorch. */
const ELSEWHERE = {
  include_background: "Write it as background",
  softmax: 'Write of: "classes"',
  sigmoid: 'Write of: "masks"',
  mode: 'Write of: "masks" or "classes"',
  smooth_nr: "Write it as smooth",
};

function diceOfClasses(axis: number, background: boolean, smooth: number): Loss {
  const targets = classTargets(KIND, axis);
  const scored = (x: Value) => {
    if (background) return x;
    const start = x.shape.map((_, other) => other === x.shape.length - 1 ? 1 : 0);
    return slice(x, start, x.shape);
  };
  return {
    kind: KIND,
    perExample(output, target) {
      if (!background && targets.count(output) < 2) {
        throw new FlwrError(
          "invalid-argument",
          "Loss diceLoss without the background needs two classes or more: got 1",
        );
      }
      const shares = targets.shares(output, target);
      return overlap(scored(softmax(targets.logits(output))), scored(shares), smooth);
    },
    correct: (output, target) => meanPerExample(targets.isRight(output, target)),
    classes: targets.count,
  };
}

function diceOfMasks(axis: number | undefined, smooth: number): Loss {
  const apart = (x: Value) =>
    axis === undefined ? reshape(x, [...x.shape, 1]) : moveLast(x, axisWithin(KIND, x, axis));
  return {
    kind: KIND,
    targetRange: [0, 1],
    perExample(output, target) {
      const masks = apart(matched(KIND, output, target));
      return overlap(apart(ops.sigmoid(logitsOf(output, "sigmoid"))), masks, smooth);
    },
    correct(output, target) {
      const yes = ops.less(0, logitsOf(output, "sigmoid"));
      const right = ops.equal(yes, ops.less(0.5, matched(KIND, output, target)));
      return meanPerExample(ops.cast(right, "float32"));
    },
  };
}

/** The loss of each example [batch] from probabilities and targets [batch, …, masks]. */
function overlap(probabilities: Value, targets: Value, smooth: number): Value {
  const { shape } = probabilities;
  const [batch, masks] = [shape[0]!, shape.at(-1)!];
  const flat = (x: Value) => reshape(x, [batch, elementCount(shape.slice(1, -1)), masks]);
  const total = (x: Value) => reduceSum(flat(x), { axes: [1] });
  const common = total(ops.mul(probabilities, targets));
  const both = ops.add(total(probabilities), total(targets));
  const share = ops.div(ops.add(ops.mul(common, 2), smooth), ops.add(both, smooth));
  return meanPerExample(ops.sub(1, share));
}
