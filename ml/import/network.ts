import { fileURLToPath } from "node:url";
import { FlwrError } from "../../base/error.ts";
import type { DType } from "../../tensor/dtype.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Value } from "../graph/value.ts";
import type { Layer, LayerOptions, Ports, Scope } from "../nn/layer.ts";
import type { NamedValues, Network } from "../nn/network.ts";
import { markProbabilities } from "../nn/probabilities.ts";
import { noExternalData } from "../onnx/external_data.ts";
import { applyGraph, type PreparedGraph, type TrainingChoice } from "./apply.ts";
import { externalDataOf } from "./external_files.ts";
import { type OnnxGraph, type OnnxInput, readGraph } from "./graph/graph.ts";
import { ruleOf } from "./operators.ts";
import { realTensor } from "./graph/real_tensor.ts";

/** Options of {@link onnxNetwork}. */
export interface OnnxNetworkOptions extends LayerOptions, TrainingChoice {
  /**
   * Name of the output, or of any other value of the graph (default: the first output of real numbers). With a list,
   * the network has named outputs, even if the list has one name.
   */
  readonly output?: string | readonly string[];
}

/**
 * A network read from an ONNX file. With one input and one output it is an ordinary layer. With several it is a network
 * whose inputs and outputs have the file's names.
 */
export interface OnnxNetwork extends Layer {
  /** Names of the first input and the first output in the file. */
  readonly ports: Ports;
  /** Type of the first input in the file. Real numbers of any width are computed in float32. */
  readonly inputType: DType;
  /**
   * Lengths of the first input's axes in the file, the batch first; null where the file leaves them open. Undefined if
   * the file has no shape.
   */
  readonly inputShape?: readonly (number | null)[];
  /** All inputs that the outputs depend on, in the file's order. */
  readonly inputs: readonly OnnxInput[];
  /** Names of the outputs. */
  readonly outputs: readonly string[];
  /**
   * Computes the outputs from the inputs; present if inputs or outputs are named. Within another network, pass
   * `scope.within(name)`: the names of the parameters then begin with that name.
   */
  readonly connect?: Network["connect"];
}

/**
 * Outputs of Identity nodes over a tensor of the file count as tensors of their own: PyTorch's exporter writes equal
 * tensors so.
 */
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

/** Tensors of one repeated number with several users: initial biases and scales that an exporter merged. */
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
    // Names of computed values begin with these characters when a network is written.
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
    squeezed: new Map(),
  };
}

/** Runs code that reads or applies a file's graph, and adds the file's path, if it has one, to its errors. */
function inSource<T>(path: string | undefined, work: () => T): T {
  if (path === undefined) return work();
  try {
    return work();
  } catch (cause) {
    const { code, message, hints } = FlwrError.from(cause);
    throw new FlwrError(code, `"${path}": ${message}`, { hints, cause });
  }
}

function readSource(
  source: string | URL | Uint8Array,
  path: string | undefined,
  outputs: readonly string[] | undefined,
): OnnxGraph {
  if (source instanceof Uint8Array) return readGraph(source, noExternalData, outputs);
  let bytes: Uint8Array;
  try {
    bytes = Deno.readFileSync(path!);
  } catch (cause) {
    const code = cause instanceof Deno.errors.NotFound ? "not-found" : "failed-precondition";
    throw new FlwrError(code, `The ONNX file "${path}" cannot be read`, { cause });
  }
  return inSource(path, () => readGraph(bytes, externalDataOf(path!), outputs));
}

function pathOf(source: string | URL | Uint8Array): string | undefined {
  if (source instanceof Uint8Array) return undefined;
  return source instanceof URL ? fileURLToPath(source) : source;
}

/** The values for a graph's inputs; a single input needs no name. */
function inputsOf({ inputs }: OnnxGraph, given: NamedValues): Value[] {
  if (inputs.length === 1 && given[""] !== undefined) return [given[""]];
  const names = Object.keys(given);
  const fits = names.length === inputs.length && inputs.every(({ name }) => name in given);
  if (fits) return inputs.map(({ name }) => given[name]!);
  const show = (all: readonly string[]) => all.map((name) => `"${name}"`).join(", ");
  throw new FlwrError(
    "invalid-argument",
    `The ONNX file has the inputs ${show(inputs.map(({ name }) => name))}: got ${
      given[""] === undefined ? show(names) : "one without a name"
    }`,
    { hints: ["Use these names in the model's input and in the data set's x"] },
  );
}

/**
 * Makes a trainable network from an ONNX file, as the exporters of PyTorch (both), Keras (tf2onnx) and scikit-learn
 * (skl2onnx) write it, for operator sets 7 to 28.
 *
 * Tensors of real numbers that the graph computes with become parameters. They have the file's names and start with the
 * file's values, whatever the model's seed. Single numbers that are factors or exponents, tensors with infinities, and
 * integers stay constant. Batch normalisation trains, and its running mean and variance are states; dropout is active
 * during training. Where exporters merged equal tensors of one repeated number, each user gets its own, named
 * `<tensor>@<node>`.
 *
 * If the outputs depend on several inputs, or `output` is a list, use the file's names in the model's `input`, `loss`
 * and data sets, as for `network(…)`.
 *
 * Real numbers are computed in float32, integers in their own type or a wider one that ONNX Runtime has kernels for.
 * Integers of 64 bits stay exact. A final softmax is kept for predictions; cross-entropy uses its logits.
 *
 * @param source path or URL of the file, or its bytes. External data must be in the file's folder, or where the links
 * of Hugging Face's cache lead.
 * @returns a layer that maps [batch, …] to [batch, …]; several inputs or outputs have names
 * @throws FlwrError "data-loss" when the file is damaged, "not-found" when it does not exist, "unimplemented" when it
 * contains something that is not supported: the message names the node and, for an operator, lists the supported ones
 *
 * @example
 * ```ts
 * const network = onnxNetwork(new URL("./model.onnx", import.meta.url), { freeze: /^backbone\./ });
 * const model = new Model({ network, input: { shape: [3, 32, 32] }, loss: crossEntropy(), optimizer: adam() });
 * ```
 *
 * @example Two inputs and two outputs
 * ```ts
 * const network = onnxNetwork("both.onnx", { output: ["kind", "rating"] });
 * const model = new Model({
 *   network,
 *   input: { image: { shape: [3, 32, 32] }, facts: { shape: [5], dtype: "float32" } },
 *   loss: { kind: crossEntropy(), rating: weighted(huber(), 0.1) },
 *   optimizer: adam(),
 * });
 * await model.fit({ x: { image, facts }, y: { kind, rating } });
 * ```
 */
export function onnxNetwork(
  source: string | URL | Uint8Array,
  options: OnnxNetworkOptions = {},
): OnnxNetwork {
  const { name, output, freeze, train } = options;
  const asked = typeof output === "string" ? [output] : output;
  const path = pathOf(source);
  const graph = readSource(source, path, asked);
  const prepared = inSource(path, () => prepare(graph, { freeze, train }));
  const names = [...graph.outputs.keys()];
  const connect = (given: NamedValues, scope: Scope): Value[] =>
    inSource(path, () => {
      const results = applyGraph(prepared, inputsOf(graph, given), scope);
      results.forEach(markProbabilities);
      return results;
    });
  const isNamed = Array.isArray(output) || graph.inputs.length > 1;
  const [input] = graph.inputs;
  return {
    kind: "onnxNetwork",
    name,
    ports: { input: input!.name, output: [...graph.outputs.values()][0]! },
    inputType: input!.dtype,
    inputShape: input!.shape,
    inputs: graph.inputs,
    outputs: names,
    apply: (x, scope) => {
      if (names.length > 1) {
        throw new FlwrError(
          "invalid-argument",
          `A layer has one output, and this network has several: ${names.join(", ")}`,
          { hints: ["Put the layers together with network(…)"] },
        );
      }
      return connect({ "": x }, scope)[0]!;
    },
    ...(isNamed && {
      connect: (given: NamedValues, scope: Scope) => {
        const results = connect(given, scope);
        if (!Array.isArray(output)) return results[0]!;
        return Object.fromEntries(names.map((name, i) => [name, results[i]!]));
      },
    }),
  };
}
