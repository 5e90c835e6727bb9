import { seededRandom } from "../../../base/random.ts";
import { topologicalOrder } from "../../../ml/graph/traverse.ts";
import { input, type Node, type Value } from "../../../ml/graph/value.ts";
import { computedType } from "../../../ml/import/graph/call.ts";
import { onnxNetwork } from "../../../ml/import/network.ts";
import { realTensor } from "../../../ml/import/graph/real_tensor.ts";
import { applyPasses, type Optimizations } from "../../../ml/lower/passes.ts";
import { lowerGraph } from "../../../ml/lower/program.ts";
import { traceParts } from "../../../ml/nn/trace.ts";
import type { Engine } from "../../../ml/engine/engine.ts";
import type { Tensor } from "../../../tensor/tensor.ts";

/** A file as a model of ours, with all that is fed to it. */
export interface Prepared {
  readonly model: Uint8Array;
  readonly given: readonly (readonly [name: string, tensor: Tensor])[];
  readonly outputs: readonly string[];
}

/**
 * Reads a file with any number of inputs and outputs, and lowers it with its first parameters.
 *
 * @throws FlwrError as `onnxNetwork` and its use
 */
export function prepareWhole(
  file: Uint8Array,
  inputs: Readonly<Record<string, Tensor>>,
  outputs: readonly string[],
  optimizations: Optimizations,
): Prepared {
  const network = onnxNetwork(file, { output: outputs });
  const sources = network.inputs.map(({ name }) => {
    const { dtype, shape } = inputs[name]!;
    return input(name, computedType(dtype), shape) as Node<"input">;
  });
  const traced = traceParts((scope) =>
    network.connect!(
      Object.fromEntries(sources.map((value) => [value.attributes.name, value])),
      scope,
    ) as Readonly<Record<string, Value>>
  );
  const results = applyPasses(outputs.map((name) => traced.output[name]!), optimizations);
  const random = seededRandom(0);
  const known = new Map<Value, Tensor>(
    sources.map((value) => [value, realTensor(inputs[value.attributes.name]!)]),
  );
  for (const { value, initializer } of traced.variables) {
    known.set(value, initializer(random, value.shape));
  }
  const used = topologicalOrder(results).filter((value) => value.primitive === "input");
  const names = outputs.map((_, i) => `%result.${i}`);
  // ONNX Runtime needs one input at least.
  const fed = used.length > 0 ? used : [sources[0]!];
  return {
    model: lowerGraph(
      fed,
      results.map((value, i) => ({ name: names[i]!, value })),
      optimizations.patterns,
    ),
    given: fed.map((value) => [value.attributes.name, known.get(value)!] as const),
    outputs: names,
  };
}

/** What ONNX Runtime makes of a prepared file: its outputs in their order. */
export async function runPrepared(
  engine: Engine,
  { model, given, outputs }: Prepared,
): Promise<readonly Tensor[]> {
  await engine.load("whole", model);
  try {
    const run = { model: "whole", stored: [], given, kept: [], returned: outputs };
    return (await engine.run(run)).returned;
  } finally {
    await engine.unload("whole");
  }
}
