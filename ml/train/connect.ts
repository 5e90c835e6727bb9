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

/** Makes sure that each output has a row for each example. */
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
 * A network applied to its inputs; the outputs are parts.
 *
 * @param randomKey given for training, as in `trace`
 * @throws FlwrError "invalid-argument" when shapes do not fit, a layer would get several inputs, or outputs have no row
 *   for each example
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
      `A layer takes one input without a name: got ${namesOf(inputs)}`,
      { hints: ["Put the layers together with network(…)"] },
    );
  }
  const traced = trace(network, only, randomKey);
  const output = new Map([[ONLY, traced.output]]);
  requireRows(output, inputs);
  return { ...traced, output };
}

/** The losses of outputs by name, added up; right is what the first loss that has a notion of it says. */
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
