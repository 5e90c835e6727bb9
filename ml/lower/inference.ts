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

/** A network applied to a batch, its parameters being inputs too. */
export interface Inference {
  readonly input: Node<"input">;
  readonly output: Value;
}

/**
 * Lowers a network to an ordinary ONNX model with any number of examples: the parameters that its output needs are the
 * initialisers, under their own names.
 *
 * @param network the network applied to a batch
 * @param other the same applied to a batch of another size
 * @param outputName the name of the model's output; its input has the name of the network's
 * @throws FlwrError "unimplemented" when the network depends on the number of examples in other ways than by lengths
 */
export function lowerInference(
  network: Inference,
  other: Inference,
  parameters: ReadonlyMap<string, Tensor>,
  outputName: string,
): Uint8Array<ArrayBuffer> {
  const lengths = freeLengths([network.output], [other.output]);
  const builder = new GraphBuilder();
  for (const value of topologicalOrder([network.output])) {
    if (value.primitive !== "input") continue;
    const { name } = value.attributes;
    const parameter = parameters.get(name);
    if (parameter !== undefined) builder.initializer(name, parameter);
  }
  const patterns = [batchNormalizationPattern, freeBatchPattern(lengths), gemmPattern];
  const names = emit([network.output], patterns, () => builder);
  builder.alias(outputName, names.get(network.output)!);
  const { input, output } = network;
  const graph = builder.build("network", [
    { name: input.attributes.name, dtype: input.dtype, shape: [null, ...input.shape.slice(1)] },
  ], [
    { name: outputName, dtype: output.dtype, shape: lengths.get(output)! },
  ]);
  return modelBytes(constantsAsNodes(graph, (name) => parameters.has(name)));
}
