import { FlwrError } from "../../base/error.ts";
import type { Value } from "../graph/value.ts";

type Activation = "softmax" | "sigmoid";

const marked = new WeakMap<Value, { readonly by: Activation; readonly logits: Value }>();

const LOSSES = { softmax: "crossEntropy()", sigmoid: "binaryCrossEntropy()" } as const;

/**
 * Notes that a network's output is probabilities, where it is a softmax over the last axis or a sigmoid. Networks that
 * come from elsewhere, as Keras and scikit-learn write them, end so, and losses must not do the same once more. Networks
 * that are written here end in logits, as in PyTorch, and are taken at their word.
 */
export function markProbabilities(output: Value): void {
  const isSoftmax = output.primitive === "softmax" &&
    output.attributes.axis === output.shape.length - 1;
  if (!isSoftmax && output.primitive !== "sigmoid") return;
  marked.set(output, { by: output.primitive as Activation, logits: output.inputs[0]! });
}

/**
 * The logits behind an output that is marked as probabilities, and any other output itself.
 *
 * @param by the activation that the loss takes the logits of
 * @throws FlwrError "invalid-argument" when the probabilities are of the other kind: names the loss for them
 */
export function logitsOf(output: Value, by: Activation): Value {
  const known = marked.get(output);
  if (known === undefined) return output;
  if (known.by === by) return known.logits;
  throw new FlwrError(
    "invalid-argument",
    `The network ends in a ${known.by}, and this loss takes the logits of a ${by}`,
    { hints: [`Use ${LOSSES[known.by]}, or another output of the network`] },
  );
}
