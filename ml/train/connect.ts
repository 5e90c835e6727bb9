import { FlwrError } from "../../base/error.ts";
import { add } from "../graph/elementwise.ts";
import { showShape } from "../graph/shape.ts";
import type { Value } from "../graph/value.ts";
import type { Layer } from "../nn/layer.ts";
import type { Loss } from "../nn/loss.ts";
import type { NamedValues, Network } from "../nn/network.ts";
import { type Trace, trace, traceParts } from "../nn/trace.ts";
import { namesOf, ONLY, type Parts, toParts } from "./parts.ts";

function isValue(value: Value | NamedValues): value is Value {
  return typeof value.primitive === "string";
}

/** Checks that each output has one row per example. */
function requireRows(outputs: Parts<Value>, inputs: Parts<Value>): void {
  const [first] = inputs.values();
  const batch = first!.shape[0]!;
  for (const [name, { shape }] of outputs) {
    if (shape[0] === batch) continue;
    throw new FlwrError(
      "invalid-argument",
      `${
        name === ONLY ? "The network's output" : `The output "${name}"`
      } must have a row for each ` +
        `example: got ${showShape(shape)} for ${batch} of them`,
      { hints: ["Choose another output of the ONNX file, or change its last reshape"] },
    );
  }
}

/**
 * Applies a network to its inputs and returns its outputs by name.
 *
 * @param randomKey key of random numbers for training, as in `trace`
 * @throws FlwrError "invalid-argument" when shapes do not fit, a layer gets several inputs, or an output does not have
 * one row per example
 */
export function connect(
  network: Layer | Network,
  inputs: Parts<Value>,
  randomKey?: Value,
): Trace<Parts<Value>> {
  if ("connect" in network) {
    const traced = traceParts(
      (scope) => toParts<Value>(network.connect(Object.fromEntries(inputs), scope), isValue),
      randomKey,
    );
    requireRows(traced.output, inputs);
    return traced;
  }
  const only = inputs.get(ONLY);
  if (only === undefined) {
    throw new FlwrError(
      "invalid-argument",
      `A layer has one input without a name: got ${namesOf(inputs)}`,
      { hints: ["Put the layers together with network(…)"] },
    );
  }
  const traced = trace(network, only, randomKey);
  const output = new Map([[ONLY, traced.output]]);
  requireRows(output, inputs);
  return { ...traced, output };
}

/** The sum of the losses of all outputs. The first loss that defines correctness determines what is correct. */
export function lossOf(
  losses: Parts<Loss>,
  outputs: Parts<Value>,
  targets: Parts<Value>,
): { perExample: Value; correct?: Value } {
  const of = (name: string) => [outputs.get(name)!, targets.get(name)!] as const;
  const terms = [...losses].map(([name, loss]) => loss.perExample(...of(name)));
  const judgements = [...losses].flatMap(([name, { correct }]) =>
    correct === undefined ? [] : [() => correct(...of(name))]
  );
  return {
    perExample: terms.reduce((sum, term) => add(sum, term)),
    correct: judgements[0]?.(),
  };
}
