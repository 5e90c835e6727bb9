import type { DType } from "../../tensor/dtype.ts";
import { elementCount, type Tensor, tensor, tensorBytes } from "../../tensor/tensor.ts";
import { attributeProto, type Attributes } from "./attribute.ts";
import { elementType } from "./element_type.ts";
import type { GraphProto, NodeProto, TensorProto, ValueInfoProto } from "./message/messages.ts";
import { DIMENSION, GRAPH, NODE, TENSOR, TENSOR_TYPE, TYPE, VALUE_INFO } from "./message/types.ts";
import type { Operator } from "./operators.ts";

/**
 * Constants of up to this many bytes are shared if their contents are equal, larger ones only if they are the same
 * object.
 */
const COMPARED_BYTES = 256;

/** Name, type and shape of a graph's input or output. A length of null is known only at run time. */
export interface ValueInfo {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly (number | null)[];
}

/**
 * Builds a graph from ONNX nodes and names their outputs. Equal nodes are created once; a loop's body shares the nodes
 * and constants of the graph around it.
 */
export class GraphBuilder {
  readonly #parent?: GraphBuilder;
  readonly #root: GraphBuilder;
  readonly #nodes: NodeProto[] = [];
  readonly #results = new Set<string>();
  readonly #made = new Map<string, string[]>();
  readonly #initializers: TensorProto[] = [];
  readonly #constants = new Map<string | Tensor, string>();
  readonly #repeated = new Map<string, string>();
  readonly #inputs: ReadonlySet<string>;
  #names = 0;

  constructor(parent?: GraphBuilder, inputs: readonly string[] = []) {
    this.#parent = parent;
    this.#inputs = new Set(inputs);
    this.#root = parent === undefined ? this : parent.#root;
  }

  /**
   * A builder for the body of a loop.
   *
   * @param inputs names whose values differ from step to step
   */
  body(inputs: readonly string[]): GraphBuilder {
    return new GraphBuilder(this, inputs);
  }

  /** Adds a node with one output and returns the output's name. */
  node(op: Operator, inputs: readonly string[], attributes: Attributes = {}): string {
    return this.nodes(op, inputs, 1, attributes)[0]!;
  }

  /** Adds a node with several outputs and returns their names. */
  nodes(
    op: Operator,
    inputs: readonly string[],
    outputs: number,
    attributes: Attributes = {},
  ): string[] {
    // A node with a graph attribute is never shared; other nodes are compared by their text.
    const key = Object.values(attributes).some((value) => "graph" in value)
      ? undefined
      : JSON.stringify([op, inputs, outputs, attributes]);
    const known = key === undefined ? undefined : this.#find(key);
    if (known !== undefined) return known;
    // Nodes that are the same in each step are computed once, before the loop.
    if (this.#parent !== undefined && !inputs.some((name) => this.#changes(name))) {
      return this.#parent.nodes(op, inputs, outputs, attributes);
    }
    const names = Array.from({ length: outputs }, () => this.#fresh());
    this.#add(op, inputs, names, attributes);
    if (key !== undefined) this.#made.set(key, names);
    return names;
  }

  /** Gives a value another name, for an output of the graph, and returns that name. */
  alias(name: string, value: string): string {
    this.#add("Identity", [value], [name], {});
    return name;
  }

  /** Whether a name is a result of this graph itself, not of one around it. */
  makes(name: string): boolean {
    return this.#results.has(name);
  }

  /** Adds a node whose outputs have given names. */
  named(op: Operator, inputs: readonly string[], outputs: string[], attributes: Attributes): void {
    this.#add(op, inputs, outputs, attributes);
  }

  /** Adds a constant to the outermost graph and returns its name. */
  constant(value: Tensor): string {
    const root = this.#root;
    const bytes = tensorBytes(value);
    const key = bytes.length <= COMPARED_BYTES
      ? `${value.dtype}:${value.shape.join()}:${bytes.join()}`
      : value;
    const known = root.#constants.get(key);
    if (known !== undefined) return known;
    const name = root.#fresh("#");
    root.#initializers.push(tensorProto(name, value));
    root.#constants.set(key, name);
    return name;
  }

  /** Adds a constant with a given name, such as a parameter of a trained network. */
  initializer(name: string, value: Tensor): void {
    this.#root.#initializers.push(tensorProto(name, value));
  }

  /** A constant int64 vector, such as a shape or a list of axes. */
  ints(values: readonly number[]): string {
    return this.constant(
      tensor("int64", [values.length], BigInt64Array.from(values, (value) => BigInt(value))),
    );
  }

  /** A constant float32 array of one repeated number (default: a scalar). */
  floats(value: number, shape: readonly number[] = []): string {
    const repeated = this.#root.#repeated;
    const key = `${value}:${shape.join()}`;
    const known = repeated.get(key);
    if (known !== undefined) return known;
    const data = new Float32Array(elementCount(shape)).fill(value);
    const name = this.constant(tensor("float32", shape, data));
    repeated.set(key, name);
    return name;
  }

  /** A float32 array of zeros, which takes no space in the file, whatever its size. */
  zeros(shape: readonly number[]): string {
    // ONNX Runtime evaluates it once, when the model is opened.
    return this.#root.node("ConstantOfShape", [this.ints(shape)]);
  }

  /** All nodes added so far, as a graph. */
  build(name: string, inputs: readonly ValueInfo[], outputs: readonly ValueInfo[]): GraphProto {
    return GRAPH.create({
      name,
      node: this.#nodes,
      initializer: this.#initializers,
      input: inputs.map(valueInfoProto),
      output: outputs.map(valueInfoProto),
    });
  }

  #find(key: string): string[] | undefined {
    const known = this.#made.get(key);
    if (known !== undefined || this.#parent === undefined) return known;
    return this.#parent.#find(key);
  }

  /** Whether the value of a name differs from step to step of the loop whose body this is. */
  #changes(name: string): boolean {
    return this.#inputs.has(name) || this.#results.has(name);
  }

  // Names of inputs do not start with these marks, so a fresh name never hides one.
  #fresh(prefix = "%"): string {
    return `${prefix}${this.#root.#names++}`;
  }

  #add(op: Operator, inputs: readonly string[], outputs: string[], attributes: Attributes) {
    for (const name of outputs) this.#results.add(name);
    const dot = op.lastIndexOf(".");
    this.#nodes.push(NODE.create({
      opType: op.slice(dot + 1),
      domain: op.slice(0, Math.max(0, dot)),
      input: [...inputs],
      output: outputs,
      attribute: Object.entries(attributes).map(([name, value]) => attributeProto(name, value)),
    }));
  }
}

function tensorProto(name: string, value: Tensor): TensorProto {
  return TENSOR.create({
    name,
    dims: value.shape.map(BigInt),
    dataType: elementType(value.dtype),
    rawData: tensorBytes(value),
  });
}

function valueInfoProto({ name, dtype, shape }: ValueInfo): ValueInfoProto {
  const dim = shape.map((length, axis) =>
    DIMENSION.create(
      length === null ? { dimParam: `${name}.${axis}` } : { dimValue: BigInt(length) },
    )
  );
  const tensorType = TENSOR_TYPE.create({ elemType: elementType(dtype), shape: { dim } });
  return VALUE_INFO.create({ name, type: TYPE.create({ tensorType }) });
}
