import type { DType } from "../../tensor/dtype.ts";
import { elementCount, type Tensor, tensor, tensorBytes } from "../../tensor/tensor.ts";
import { attributeProto, type Attributes } from "./attribute.ts";
import { elementType } from "./element_type.ts";
import type { GraphProto, NodeProto, TensorProto, ValueInfoProto } from "./message/messages.ts";
import { DIMENSION, GRAPH, NODE, TENSOR, TENSOR_TYPE, TYPE, VALUE_INFO } from "./message/types.ts";
import type { Operator } from "./operators.ts";

/** A constant larger than this many bytes is shared only when it is the same object. */
const COMPARED_BYTES = 256;

/** What a graph says about an input or output. A `null` length is only known at run time. */
export interface ValueInfo {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly (number | null)[];
}

/**
 * Puts ONNX nodes together and names what they yield. A node that is asked for twice is made once; a body of a loop
 * finds the nodes and constants of the graph around it.
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
   * @param inputs names that have another value in each step
   */
  body(inputs: readonly string[]): GraphBuilder {
    return new GraphBuilder(this, inputs);
  }

  /** A node of one output: returns the output's name. */
  node(op: Operator, inputs: readonly string[], attributes: Attributes = {}): string {
    return this.nodes(op, inputs, 1, attributes)[0]!;
  }

  /** A node of several outputs: returns their names. */
  nodes(
    op: Operator,
    inputs: readonly string[],
    outputs: number,
    attributes: Attributes = {},
  ): string[] {
    // A graph attribute makes a node unlike any other; everything else is told apart by its text.
    const key = Object.values(attributes).some((value) => "graph" in value)
      ? undefined
      : JSON.stringify([op, inputs, outputs, attributes]);
    const known = key === undefined ? undefined : this.#find(key);
    if (known !== undefined) return known;
    // What is the same in every step is computed once, before the loop.
    if (this.#parent !== undefined && !inputs.some((name) => this.#changes(name))) {
      return this.#parent.nodes(op, inputs, outputs, attributes);
    }
    const names = Array.from({ length: outputs }, () => this.#fresh());
    this.#add(op, inputs, names, attributes);
    if (key !== undefined) this.#made.set(key, names);
    return names;
  }

  /** Gives a value a further name, for an output of the graph; returns that name. */
  alias(name: string, value: string): string {
    this.#add("Identity", [value], [name], {});
    return name;
  }

  /** Whether a name is that of a result of this very graph. */
  makes(name: string): boolean {
    return this.#results.has(name);
  }

  /** Adds a node whose outputs have given names. */
  named(op: Operator, inputs: readonly string[], outputs: string[], attributes: Attributes): void {
    this.#add(op, inputs, outputs, attributes);
  }

  /** A constant, kept in the outermost graph. */
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

  /** A constant under a name of its own, such as a parameter of a trained network. */
  initializer(name: string, value: Tensor): void {
    this.#root.#initializers.push(tensorProto(name, value));
  }

  /** A constant vector of int64: shapes, axes and the like. */
  ints(values: readonly number[]): string {
    return this.constant(
      tensor("int64", [values.length], BigInt64Array.from(values, (value) => BigInt(value))),
    );
  }

  /** A constant float32 array of one number repeated, by default a scalar. */
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

  /** A float32 array of zeros, which takes no room in the file however large it is. */
  zeros(shape: readonly number[]): string {
    // ONNX Runtime makes it once, when the model is opened.
    return this.#root.node("ConstantOfShape", [this.ints(shape)]);
  }

  /** Everything so far as a graph. */
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

  /** Whether a name has another value in each step of the loop that this is the body of. */
  #changes(name: string): boolean {
    return this.#inputs.has(name) || this.#results.has(name);
  }

  // No name of an input has these marks, so a fresh name never hides one.
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
