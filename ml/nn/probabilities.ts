import { FlwrError } from "../../base/error.ts";
import type { Value } from "../graph/value.ts";

type Activation = "softmax" | "sigmoid";

const marked = new WeakMap<Value, { readonly by: Activation; readonly logits: Value }>();

const LOSSES = { softmax: "crossEntropy()", sigmoid: "binaryCrossEntropy()" } as const;

/**
 * Marks a network's output as probabilities if it is a softmax over the last axis or a sigmoid. Imported networks from
 * Keras and scikit-learn end so, and losses must not apply the function again. Networks written with our layers end in
 * logits, as in PyTorch, and are not marked.
 */
export function markProbabilities(output: Value): void {
  const isSoftmax = output.primitive === "softmax" &&
    output.attributes.axis === output.shape.length - 1;
  if (!isSoftmax && output.primitive !== "sigmoid") return;
  marked.set(output, { by: output.primitive as Activation, logits: output.inputs[0]! });
}

/**
 * The logits of an output that is marked as probabilities; returns any other output unchanged.
 *
 * @param by the activation whose logits the loss uses
 * @throws FlwrError "invalid-argument" when the probabilities come from the other activation: names the loss for them
 */
export function logitsOf(output: Value, by: Activation): Value {
  const known = marked.get(output);
  if (known === undefined) return output;
  if (known.by === by) return known.logits;
  throw new FlwrError(
    "invalid-argument",
    `The network ends in a ${known.by}, and this loss needs the logits of a ${by}`,
    { hints: [`Use ${LOSSES[known.by]}, or another output of the network`] },
  );
}
