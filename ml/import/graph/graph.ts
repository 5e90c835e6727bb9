import { FlwrError } from "../../../base/error.ts";
import type { DType } from "../../../tensor/dtype.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import { dtypeOf } from "../../onnx/element_type.ts";
import type { ExternalData } from "../../onnx/external_data.ts";
import type { TensorProto, ValueInfoProto } from "../../onnx/message/messages.ts";
import { type AttributeValue, readAttributes } from "../../onnx/read_attribute.ts";
import { domainOf, readModel } from "../../onnx/read_model.ts";
import { readTensor } from "../../onnx/read_tensor.ts";
import { inlineFunctions, nodeName, type PlacedNode } from "./functions.ts";
import { neededNodes } from "./needed_nodes.ts";
import { chooseOutputs } from "./output.ts";

/** A node of a file, as the operators' rules see it. */
export interface OnnxNode {
  /** The node's name, or that of its first output if it has none. */
  readonly name: string;
  /** The operator. Operators outside of ONNX's own domain have the domain as a prefix: `ai.onnx.ml.Scaler`. */
  readonly op: string;
  /** Version of the operator's set. */
  readonly opset: number;
  /** Names of the inputs; empty for one that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, AttributeValue>;
}

/** An input of a network in a file. */
export interface OnnxInput {
  /** The input's name in the file. */
  readonly name: string;
  /** Type of its numbers in the file. */
  readonly dtype: DType;
  /** Lengths of the axes, null where the file leaves them open; undefined if the file has no shape. */
  readonly shape?: readonly (number | null)[];
}

/** The part of a file's graph that the requested outputs depend on. */
export interface OnnxGraph {
  /** The inputs that the outputs depend on, in the file's order: at least one. */
  readonly inputs: readonly OnnxInput[];
  /** Names of the output values, by the names under which they were requested. */
  readonly outputs: ReadonlyMap<string, string>;
  /** Nodes in an order in which each comes after those it depends on. */
  readonly nodes: readonly OnnxNode[];
  /** Values that the file contains, by name: only those that the nodes use. */
  readonly initializers: ReadonlyMap<string, Tensor>;
}

function inputOf({ name, type }: ValueInfoProto): OnnxInput {
  if (type?.tensorType === undefined) {
    throw new FlwrError("unimplemented", `Input "${name}" of the ONNX graph is not a tensor`);
  }
  const { elemType, shape } = type.tensorType;
  return {
    name,
    dtype: dtypeOf(elemType),
    // scikit-learn's exporter writes 0 for a length that it leaves open.
    shape: shape?.dim.map(({ dimValue = 0n }) => dimValue > 0n ? Number(dimValue) : null),
  };
}

function neededInputs(
  inputs: readonly ValueInfoProto[],
  used: ReadonlySet<string>,
): OnnxInput[] {
  const needed = inputs.filter(({ name }) => used.has(name));
  if (needed.length === 0) {
    throw new FlwrError("unimplemented", "The output of the ONNX graph depends on no input", {
      hints: ["Choose another output, with the option output"],
    });
  }
  return needed.map(inputOf);
}

function readNode({ proto, opsets }: PlacedNode, external: ExternalData): OnnxNode {
  const domain = domainOf(proto.domain);
  const name = nodeName(proto);
  const opset = opsets.get(domain);
  if (opset === undefined) {
    throw new FlwrError(
      "data-loss",
      `Node "${name}" (${proto.opType}) uses an operator set that the ONNX file does not import: ` +
        `"${domain}"`,
    );
  }
  try {
    const attributes = readAttributes(proto, external);
    const op = domain === "" ? proto.opType : `${domain}.${proto.opType}`;
    return { name, op, opset, inputs: proto.input, outputs: proto.output, attributes };
  } catch (cause) {
    const { code, message, hints } = FlwrError.from(cause);
    throw new FlwrError(code, `Node "${name}" (${proto.opType}): ${message}`, { hints, cause });
  }
}

function byName(tensors: readonly TensorProto[]): Map<string, TensorProto> {
  const named = new Map<string, TensorProto>();
  for (const proto of tensors) {
    if (named.has(proto.name)) {
      throw new FlwrError("data-loss", `Two tensors of the ONNX file are named "${proto.name}"`);
    }
    named.set(proto.name, proto);
  }
  return named;
}

/**
 * Reads the part of an ONNX file that its outputs depend on; everything else in it, such as class labels, is ignored.
 *
 * @param asked names of outputs, or of any other values (default: the first output of real numbers)
 * @throws FlwrError that names the node, tensor or value at fault when the file is damaged or not supported
 */
export function readGraph(
  bytes: Uint8Array,
  external: ExternalData,
  asked?: readonly string[],
): OnnxGraph {
  const { model, graph, opsets } = readModel(bytes);
  if (graph.sparseInitializer.length > 0) {
    throw new FlwrError(
      "unimplemented",
      "The ONNX file has sparse tensors: they are not supported",
    );
  }
  const placed = inlineFunctions(graph.node, opsets, model.functions);
  const tensors = byName(graph.initializer);
  const sources = new Set([...tensors.keys(), ...graph.input.map(({ name }) => name)]);
  const outputs = chooseOutputs(graph, asked);
  const needed = neededNodes(placed, [...outputs.values()], sources);
  const used = new Set([...outputs.values(), ...needed.flatMap(({ proto }) => proto.input)]);
  // Old files list initialisers among the inputs too.
  const inputs = graph.input.filter(({ name }) => !tensors.has(name));
  return {
    inputs: neededInputs(inputs, used),
    outputs,
    nodes: needed.map((node) => readNode(node, external)),
    initializers: new Map(
      [...tensors].filter(([name]) => used.has(name)).map((
        [name, proto],
      ) => [name, readTensor(proto, external)]),
    ),
  };
}
