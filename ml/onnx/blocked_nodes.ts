import type { GraphProto, NodeProto } from "./message/messages.ts";
import { BLOCKED_DOMAIN, BLOCKED_OPERATORS } from "./operators.ts";

/** Largest block size: blocks have 8 or 16 channels, and a multiple of 16 is one of both. */
export const LARGEST_BLOCK = 16;

/** The attributes that we write for the operators on blocks. */
const ATTRIBUTES: Readonly<Record<string, readonly string[]>> = {
  Conv: ["kernel_shape", "strides", "dilations", "pads", "group", "activation"],
  GlobalAveragePool: [],
  MaxPool: ["kernel_shape", "strides", "pads"],
  ReorderInput: [],
  ReorderOutput: ["channels", "channels_last"],
};

/** Known shapes of names, independent of what the model is fed. */
type KnownShapes = ReadonlyMap<string, readonly number[]>;

/**
 * The shapes of initialisers and of arrays with a constant shape. Undefined if a name is defined twice, because then no
 * shape is known.
 */
function knownShapes(graph: GraphProto): KnownShapes | undefined {
  const shapes = new Map<string, readonly number[]>();
  const constants = new Map<string, readonly number[]>();
  const names = new Set<string>();
  const reshapes: NodeProto[] = [];
  let isUnique = true;
  const define = (name: string) => {
    isUnique &&= name === "" || !names.has(name);
    names.add(name);
  };
  const visit = ({ input, initializer, node }: GraphProto) => {
    for (const { name } of input) define(name);
    for (const { name, dims, rawData } of initializer) {
      define(name);
      shapes.set(name, dims.map(Number));
      if (rawData.length % 8 === 0) {
        constants.set(name, Array.from(new BigInt64Array(rawData.slice().buffer), Number));
      }
    }
    for (const made of node) {
      made.output.forEach(define);
      if (made.opType === "Reshape" && made.domain === "") reshapes.push(made);
      for (const { g } of made.attribute) if (g !== undefined) visit(g);
    }
  };
  visit(graph);
  for (const { input, output } of reshapes) {
    const shape = constants.get(input[1] ?? "");
    if (shape?.every((length) => length > 0)) shapes.set(output[0]!, shape);
  }
  return isUnique ? shapes : undefined;
}

function ints(node: NodeProto, name: string): readonly number[] {
  return node.attribute.find((attribute) => attribute.name === name)?.ints.map(Number) ?? [];
}

function int(node: NodeProto, name: string, otherwise: number): number {
  return Number(node.attribute.find((attribute) => attribute.name === name)?.i ?? otherwise);
}

/**
 * Whether a convolution is safe: kernels of whole blocks of filters, each filter seeing all channels or its own, and
 * one bias per filter.
 */
function isSafeConv(node: NodeProto, shapes: KnownShapes): boolean {
  const [, kernels = "", bias = ""] = node.input;
  const [filters = 0, seen = 0, ...size] = shapes.get(kernels) ?? [];
  const group = int(node, "group", 1);
  const activation = node.attribute.find(({ name }) => name === "activation")?.s;
  return size.length === 2 && filters > 0 && filters % LARGEST_BLOCK === 0 &&
    (group === 1 || group === filters && seen === 1) &&
    (bias === "" || shapes.get(bias)?.join() === String(filters)) &&
    [...ints(node, "strides"), ...ints(node, "dilations")].every((step) => step > 0) &&
    ints(node, "pads").every((length) => length >= 0) &&
    (activation === undefined || new TextDecoder().decode(activation) === "Relu");
}

function isSafeReordering(node: NodeProto, shapes: KnownShapes): boolean {
  const [, channels = 0, ...size] = shapes.get(node.input[0] ?? "") ?? [];
  return size.length === 2 && channels > 0 && channels % LARGEST_BLOCK === 0 &&
    int(node, "channels", 0) === channels;
}

/** Whether a pool is safe: its windows have a positive length and stride. The operator checks the rest itself. */
function isSafePool(node: NodeProto): boolean {
  const kernel = ints(node, "kernel_shape");
  return kernel.length === 2 && [...kernel, ...ints(node, "strides")].every((step) => step > 0) &&
    ints(node, "pads").every((length) => length >= 0);
}

function isSafe(node: NodeProto, shapes: KnownShapes): boolean {
  const known = ATTRIBUTES[node.opType];
  if (known === undefined || !node.attribute.every(({ name }) => known.includes(name))) {
    return false;
  }
  if (node.opType === "Conv") return isSafeConv(node, shapes);
  if (node.opType === "MaxPool") return isSafePool(node);
  return node.opType !== "ReorderOutput" || isSafeReordering(node, shapes);
}

/**
 * Finds a node on blocks of channels whose arguments are not proven safe. ONNX Runtime inserts these operators into
 * models itself, so they do not check all of their arguments: lengths of kernels and biases, and how groups match
 * channels. The model alone must determine these.
 */
export function unsafeBlockedNode(graph: GraphProto): NodeProto | undefined {
  const onBlocks: NodeProto[] = [];
  const visit = ({ node }: GraphProto) => {
    for (const each of node) {
      if (each.domain === BLOCKED_DOMAIN) onBlocks.push(each);
      for (const { g } of each.attribute) if (g !== undefined) visit(g);
    }
  };
  visit(graph);
  if (onBlocks.length === 0) return undefined;
  const shapes = knownShapes(graph) ?? new Map();
  return onBlocks.find((node) => !isSafe(node, shapes));
}

/** Whether an operator is one of those on blocks that we write. */
export function isBlockedOperator({ domain, opType }: NodeProto): boolean {
  const names: readonly string[] = BLOCKED_OPERATORS;
  return domain === BLOCKED_DOMAIN && names.includes(`${domain}.${opType}`);
}
