import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { FlwrError } from "../../base/error.ts";
import type { DType } from "../../tensor/dtype.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Layer, LayerOptions, Ports } from "../nn/layer.ts";
import { markProbabilities } from "../nn/probabilities.ts";
import { externalDataIn, noExternalData } from "../onnx/external_data.ts";
import { applyGraph, type PreparedGraph, type TrainingChoice } from "./apply.ts";
import { type OnnxGraph, readGraph } from "./graph.ts";
import { ruleOf } from "./operators.ts";
import { realTensor } from "./real_tensor.ts";

/** Options of {@link onnxNetwork}. */
export interface OnnxNetworkOptions extends LayerOptions, TrainingChoice {
  /** Name of the output, or of any other value of the graph (default: the first output of real numbers). */
  readonly output?: string;
}

/** A network read from an ONNX file. */
export interface OnnxNetwork extends Layer {
  readonly ports: Ports;
  /** Type of its input in the file; real numbers of any width are computed in float32. */
  readonly inputType: DType;
  /** Lengths of the input's axes in the file, the batch first; null where the file leaves them open. */
  readonly inputShape?: readonly (number | null)[];
}

/** What an Identity makes of a tensor of the file is a tensor of its own: PyTorch's exporter writes equal ones so. */
function aliasesOf(
  { nodes }: OnnxGraph,
  tensors: ReadonlyMap<string, Tensor>,
): Map<string, Tensor> {
  const aliases = new Map<string, Tensor>();
  for (const { op, inputs: [source], outputs: [target] } of nodes) {
    if (op !== "Identity" || source === undefined || target === undefined) continue;
    const tensor = tensors.get(source) ?? aliases.get(source);
    if (tensor !== undefined) aliases.set(target, tensor);
  }
  return aliases;
}

/** Tensors of one repeated number with several users: fresh biases and scales, which nobody shares on purpose. */
function mergedOf({ nodes }: OnnxGraph, tensors: ReadonlyMap<string, Tensor>): Set<string> {
  const users = new Map<string, number>();
  for (const { op, inputs } of nodes) {
    if (op === "Identity") continue;
    for (const name of new Set(inputs)) users.set(name, (users.get(name) ?? 0) + 1);
  }
  const isRepeated = ({ dtype, data }: Tensor) =>
    dtype === "float32" && (data as Float32Array).every((number) => number === data[0]);
  return new Set(
    [...tensors].filter(([name, tensor]) => (users.get(name) ?? 0) > 1 && isRepeated(tensor))
      .map(([name]) => name),
  );
}

function prepare(graph: OnnxGraph, choice: TrainingChoice): PreparedGraph {
  const tensors = new Map(
    [...graph.initializers].map(([name, tensor]) => [name, realTensor(tensor)] as const),
  );
  for (const name of tensors.keys()) {
    // The names of what is computed begin so when a network is written.
    if (!/^[%#]/.test(name)) continue;
    throw new FlwrError(
      "unimplemented",
      `Names of tensors cannot begin with % or #: got "${name}"`,
    );
  }
  graph.nodes.forEach(ruleOf);
  return {
    graph,
    tensors,
    aliases: aliasesOf(graph, tensors),
    merged: mergedOf(graph, tensors),
    choice,
  };
}

function readSource(source: string | URL | Uint8Array, output: string | undefined): OnnxGraph {
  if (source instanceof Uint8Array) return readGraph(source, noExternalData, output);
  const path = source instanceof URL ? fileURLToPath(source) : source;
  let bytes: Uint8Array;
  try {
    bytes = Deno.readFileSync(path);
  } catch (cause) {
    throw new FlwrError("not-found", `The ONNX file "${path}" cannot be read`, { cause });
  }
  try {
    return readGraph(bytes, externalDataIn(dirname(path)), output);
  } catch (cause) {
    const { code, message, hints } = FlwrError.from(cause);
    throw new FlwrError(code, `"${path}": ${message}`, { hints, cause });
  }
}

/**
 * A network out of an ONNX file, to be trained on: as the exporters of PyTorch (both), Keras (tf2onnx) and scikit-learn
 * (skl2onnx) write it, for operator sets 7 to 23.
 *
 * Tensors of real numbers that are computed with become parameters under the file's names and start with the file's
 * values, whatever the model's seed. Single numbers that are factors or exponents, tensors with infinities, and integers
 * stay constant. Batch normalisation trains, its running mean and variance being states; dropout drops. Where exporters
 * merged equal tensors of one repeated number, each user gets its own, named `<tensor>@<node>`.
 *
 * Everything is computed in float32. A last softmax is kept for predictions; cross-entropy takes its logits.
 *
 * @param source path or URL of the file, or its bytes; data outside of the file must lie in the file's folder
 * @throws FlwrError when the file is damaged ("data-loss"), not there ("not-found"), or holds what is not supported
 *   ("unimplemented"): the sentence names the node and, for an operator, lists those that are supported
 *
 * @example
 * ```ts
 * const network = onnxNetwork(new URL("./model.onnx", import.meta.url), { freeze: /^backbone\./ });
 * const model = new Model({ network, input: { shape: [3, 32, 32] }, loss: crossEntropy(), optimizer: adam() });
 * ```
 */
export function onnxNetwork(
  source: string | URL | Uint8Array,
  options: OnnxNetworkOptions = {},
): OnnxNetwork {
  const { name, output, freeze, train } = options;
  const prepared = prepare(readSource(source, output), { freeze, train });
  const { input } = prepared.graph;
  return {
    kind: "onnxNetwork",
    name,
    ports: { input: input.name, output: prepared.graph.output },
    inputType: input.dtype,
    inputShape: input.shape,
    apply: (x, scope) => {
      const y = applyGraph(prepared, x, scope);
      markProbabilities(y);
      return y;
    },
  };
}
