import { MAX_NODES } from "./read_model.ts";
import { IR_VERSION, OPSET_VERSION } from "./model.ts";
import { FlwrError } from "../../base/error.ts";
import { DTYPES, itemSize } from "../../tensor/dtype.ts";
import { elementType } from "./element_type.ts";
import type {
  AttributeProto,
  GraphProto,
  ModelProto,
  NodeProto,
  TensorProto,
  ValueInfoProto,
} from "./message/messages.ts";
import { ATTRIBUTE_TYPE as Type, LOCATION } from "./message/numbers.ts";
import { MODEL } from "./message/types.ts";
import { isBlockedOperator, unsafeBlockedNode } from "./blocked_nodes.ts";
import { BLOCKED_DOMAIN, BLOCKED_VERSION, OPERATORS } from "./operators.ts";

/** Deepest nesting of graphs in a model from an untrusted sender: a loop's body in its graph. */
const MAX_GRAPH_DEPTH = 2;

/**
 * Largest kernel, stride, dilation, padding and number of groups in a model from a sandbox: larger ones overflow sizes.
 */
const MAX_WINDOW_LENGTH = 2n ** 24n;

const KNOWN_OPERATORS: ReadonlySet<string> = new Set(OPERATORS);

/** The kinds of attributes in models that we write. None of them contains a tensor, so all tensors are initialisers. */
const KNOWN_ATTRIBUTES: ReadonlySet<number> = new Set([
  Type.INT,
  Type.FLOAT,
  Type.STRING,
  Type.INTS,
  Type.FLOATS,
  Type.GRAPH,
]);

/**
 * Attributes of windows and groups, with their smallest valid value. ONNX Runtime divides by the group of a
 * ConvTranspose before it checks it, so a group of 0 ends the process.
 */
const LEAST: Readonly<Record<string, bigint>> = {
  group: 1n,
  kernel_shape: 1n,
  strides: 1n,
  dilations: 1n,
  output_shape: 1n,
  pads: -MAX_WINDOW_LENGTH,
  output_padding: 0n,
};

const ELEMENT_BYTES: ReadonlyMap<number, number> = new Map(
  DTYPES.map((dtype) => [elementType(dtype), itemSize(dtype)]),
);

/**
 * Checks that a model from an untrusted sender is pure arithmetic on its own bytes. ONNX Runtime would otherwise read
 * the data files that a model names, relative to the process's working folder if the model is given as bytes. It also
 * accepts a format of its own and operators that are not ONNX's.
 *
 * @returns the model, encoded again: ONNX Runtime gets exactly what was checked
 * @throws FlwrError "permission-denied" for anything that does not occur in models that we write, "data-loss" when the
 * bytes are not a model
 */
export function requireSelfContained(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const model = decode(bytes);
  const [own, blocked, ...others] = model.opsetImport;
  if (
    model.irVersion !== IR_VERSION || own?.domain !== "" ||
    own.version !== BigInt(OPSET_VERSION) || others.length > 0 ||
    blocked !== undefined &&
      (blocked.domain !== BLOCKED_DOMAIN || blocked.version !== BLOCKED_VERSION)
  ) {
    throw refused(`does not have version ${IR_VERSION} and operator set ${OPSET_VERSION} only`);
  }
  const { graph, functions, trainingInfo, configuration, metadataProps } = model;
  if (graph === undefined) throw refused("has no graph");
  if ([functions, trainingInfo, configuration, metadataProps].some(({ length }) => length > 0)) {
    throw refused("contains more than a graph");
  }
  checkGraph(graph, { nodes: 0 }, 1);
  const unsafe = unsafeBlockedNode(graph);
  if (unsafe !== undefined) {
    throw refused(
      `uses "${BLOCKED_DOMAIN}.${unsafe.opType}" on lengths that are known only at run time`,
    );
  }
  return MODEL.encode(model);
}

function decode(bytes: Uint8Array): ModelProto {
  try {
    return MODEL.decode(bytes);
  } catch (cause) {
    throw new FlwrError("data-loss", "The bytes are not an ONNX model", { cause });
  }
}

function checkGraph(graph: GraphProto, seen: { nodes: number }, depth: number): void {
  if (depth > MAX_GRAPH_DEPTH) {
    throw refused(`nests graphs more than ${MAX_GRAPH_DEPTH} levels deep`);
  }
  if (graph.sparseInitializer.length > 0 || graph.quantizationAnnotation.length > 0) {
    throw refused("has sparse or quantised tensors");
  }
  seen.nodes += graph.node.length;
  if (seen.nodes > MAX_NODES) throw refused(`has more than ${MAX_NODES} nodes`);
  [...graph.input, ...graph.output, ...graph.valueInfo].forEach(checkValue);
  graph.initializer.forEach(checkTensor);
  for (const node of graph.node) {
    checkNode(node);
    for (const attribute of node.attribute) {
      checkAttribute(attribute);
      if (attribute.g !== undefined) checkGraph(attribute.g, seen, depth + 1);
    }
  }
}

function checkValue({ name, type }: ValueInfoProto): void {
  const others = [
    type?.sequenceType,
    type?.mapType,
    type?.opaqueType,
    type?.sparseTensorType,
    type?.optionalType,
  ];
  if (others.some((other) => other !== undefined)) {
    throw refused(`has a value that is not a tensor, "${name}"`);
  }
}

function checkNode(node: NodeProto): void {
  const { opType, domain, overload, deviceConfigurations } = node;
  const isKnown = domain === "" ? KNOWN_OPERATORS.has(opType) : isBlockedOperator(node);
  if (!isKnown || overload !== "") {
    throw refused(`uses the operator "${domain === "" ? "" : `${domain}.`}${opType}"`);
  }
  if (deviceConfigurations.length > 0) throw refused(`places "${opType}" on devices`);
}

function checkAttribute(attribute: AttributeProto): void {
  const { name, type, refAttrName, t, sparseTensor, tp, i, ints } = attribute;
  const least = Object.hasOwn(LEAST, name) ? LEAST[name]! : undefined;
  const lengths = type === Type.INT ? [i] : ints;
  const isLength = (length: bigint) => least! <= length && length <= MAX_WINDOW_LENGTH;
  if (least !== undefined && !lengths.every(isLength)) {
    throw refused(`has an attribute "${name}" with an invalid length: ${lengths}`);
  }
  const { tensors, graphs, sparseTensors, typeProtos, strings } = attribute;
  const lists = [tensors, graphs, sparseTensors, typeProtos, strings];
  if (
    !KNOWN_ATTRIBUTES.has(type) || refAttrName !== "" || t !== undefined ||
    sparseTensor !== undefined || tp !== undefined || lists.some(({ length }) => length > 0)
  ) {
    throw refused(`has an attribute of an unsupported kind, "${attribute.name}"`);
  }
}

function checkTensor(tensor: TensorProto): void {
  const { name, dataLocation, externalData, segment, dims, dataType, rawData } = tensor;
  if (dataLocation !== LOCATION.DEFAULT || externalData.length > 0) {
    throw refused(`has the data of "${name}" in another file`);
  }
  const elements = dims.reduce((product, length) => product * length, 1n);
  const size = ELEMENT_BYTES.get(dataType);
  const { floatData, int32Data, stringData, int64Data, doubleData, uint64Data } = tensor;
  const others = [floatData, int32Data, stringData, int64Data, doubleData, uint64Data];
  if (
    size === undefined || segment !== undefined || others.some(({ length }) => length > 0) ||
    dims.some((length) => length < 0n) || elements * BigInt(size) !== BigInt(rawData.length)
  ) {
    throw refused(
      `has the tensor "${name}", whose number of bytes does not match its type and shape`,
    );
  }
}

function refused(reason: string): FlwrError {
  return new FlwrError("permission-denied", `A model from a sandbox ${reason}`);
}
