import { FlwrError } from "../../base/error.ts";
import { cast, equal, mul, neg } from "../graph/elementwise.ts";
import { oneHot } from "../graph/indexing.ts";
import { argMax, logSoftmax, reduceSum } from "../graph/reduce.ts";
import { showShape } from "../graph/shape.ts";
import type { Value } from "../graph/value.ts";

/** What training makes small. The trainer takes the mean over the batch. */
export interface Loss {
  /** What it is, for messages: `crossEntropy`. */
  readonly kind: string;
  /** The loss of each example [batch], from the network's output [batch, …] and the targets [batch, …]. */
  perExample(output: Value, target: Value): Value;
  /** 1 where the output is right and 0 where not [batch], if the loss has a notion of it. */
  correct?(output: Value, target: Value): Value;
}

/**
 * Cross-entropy of logits [batch, classes] with labels [batch] of any integer type, as PyTorch's CrossEntropyLoss:
 * −log softmax(output)[label].
 */
export function crossEntropy(): Loss {
  return {
    kind: "crossEntropy",
    perExample(output, target) {
      if (output.shape.length !== 2 || target.shape.length !== 1) {
        throw new FlwrError(
          "invalid-argument",
          `Cross-entropy needs an output [batch, classes] and labels [batch]: ` +
            `got ${showShape(output.shape)} and ${showShape(target.shape)}`,
        );
      }
      const chosen = oneHot(target, output.shape[1]!);
      return neg(reduceSum(mul(logSoftmax(output), chosen), { axes: [1] }));
    },
    correct: (output, target) => cast(equal(argMax(output, 1), cast(target, "int64")), "float32"),
  };
}
