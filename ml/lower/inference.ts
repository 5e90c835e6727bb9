import type { Tensor } from "../../tensor/tensor.ts";
import type { Node, Value } from "../graph/value.ts";
import { topologicalOrder } from "../graph/traverse.ts";
import { constantsAsNodes } from "../onnx/constant_nodes.ts";
import { GraphBuilder } from "../onnx/graph_builder.ts";
import { modelBytes } from "../onnx/model.ts";
import { batchNormalizationPattern } from "./batch_normalization.ts";
import { emit } from "./emit.ts";
import { freeBatchPattern, freeLengths } from "./free_batch.ts";
import { gemmPattern } from "./gemm.ts";

/** A network applied to a batch. Its parameters are inputs of the graph. */
export interface Inference {
  /** The inputs other than parameters. The model has all of them, even if no output depends on one. */
  readonly inputs: readonly Node<"input">[];
  /** The outputs by their names in the model. */
  readonly outputs: ReadonlyMap<string, Value>;
}

/**
 * Lowers a network to an ordinary ONNX model for any number of examples. The parameters that its outputs need become
 * initialisers with their own names.
 *
 * @param network the network applied to a batch
 * @param other the same network applied to a batch of another size
 * @throws FlwrError "unimplemented" when the network depends on the number of examples in more than lengths
 */
export function lowerInference(
  network: Inference,
  other: Inference,
  parameters: ReadonlyMap<string, Tensor>,
): Uint8Array<ArrayBuffer> {
  const outputs = [...network.outputs.values()];
  const [source, twin] = [network.inputs[0]!, other.inputs[0]!];
  const lengths = freeLengths(
    { outputs, examples: source.shape[0]! },
    { outputs: [...other.outputs.values()], examples: twin.shape[0]! },
  );
  const builder = new GraphBuilder();
  for (const value of topologicalOrder(outputs)) {
    if (value.primitive !== "input") continue;
    const { name } = value.attributes;
    const parameter = parameters.get(name);
    if (parameter !== undefined) builder.initializer(name, parameter);
  }
  const patterns = [
    batchNormalizationPattern,
    freeBatchPattern(lengths, source.attributes.name),
    gemmPattern,
  ];
  const names = emit(outputs, patterns, () => builder);
  for (const [name, value] of network.outputs) builder.alias(name, names.get(value)!);
  const graph = builder.build(
    "network",
    network.inputs.map(({ attributes, dtype, shape }) => ({
      name: attributes.name,
      dtype,
      shape: [null, ...shape.slice(1)],
    })),
    [...network.outputs].map(([name, value]) => ({
      name,
      dtype: value.dtype,
      shape: lengths.get(value)!,
    })),
  );
  return modelBytes(constantsAsNodes(graph, (name) => parameters.has(name)));
}
