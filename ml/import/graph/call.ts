import { FlwrError } from "../../../base/error.ts";
import type { DType } from "../../../tensor/dtype.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import type { Value } from "../../graph/value.ts";
import type { Scope } from "../../nn/layer.ts";
import type { AttributeValue } from "../../onnx/read_attribute.ts";
import type { OnnxNode } from "./graph.ts";

/** Most numbers (axes, lengths, starts, ends) that one input of a node may list. */
const MAX_LISTED_NUMBERS = 2 ** 16;

/** A state of the network, and whether training updates it. */
export interface StateValue {
  readonly value: Value;
  readonly moves: boolean;
}

/** Looks up the values of names for the rule of a node. */
export interface Values {
  /** A value; a tensor of the file becomes a parameter if it can be trained. */
  value(name: string, user: OnnxNode): Value;
  /** A value; a tensor of the file stays constant if it has one element, because factors and exponents do. */
  operand(name: string, user: OnnxNode): Value;
  /** Running statistics: a tensor of the file becomes a state. */
  state(name: string, user: OnnxNode): StateValue;
  /** A tensor of the file, or one computed only from such tensors; undefined if it depends on an input. */
  known(name: string): Tensor | undefined;
  /** The shape of a value. Unlike `value`, it does not turn a tensor of the file into a parameter. */
  shape(name: string, user: OnnxNode): readonly number[];
  /** A parameter whose initial values come from an attribute. */
  parameter(name: string, tensor: Tensor<"float32">): Value;
  /** Number of examples that the file was made for, if it fixes one. */
  readonly fixedBatch?: number;
  /** Number of examples that the graph is applied to. */
  readonly batch: number;
  /** Axes that Squeeze nodes without a list of axes remove, by node name, determined with several examples. */
  readonly squeezed: Map<string, readonly number[]>;
  readonly scope: Scope;
}

/** The rule of an operator: returns the outputs of a node. Outputs that cannot be asked for are undefined. */
export type Rule = (call: NodeCall) => Value | readonly (Value | undefined)[];

/** The type that a file's type is computed in: float32 for all floating-point types. */
export function computedType(dtype: DType): DType {
  return dtype === "float16" || dtype === "float64" ? "float32" : dtype;
}

/** One node as its rule sees it: inputs, and attributes with their defaults. */
export class NodeCall {
  readonly #values: Values;

  constructor(readonly node: OnnxNode, values: Values) {
    this.#values = values;
  }

  /** The layer's scope: whether it trains, its random numbers, its states. */
  get scope(): Scope {
    return this.#values.scope;
  }

  /** Axes of length 1 to remove where a node lists none. With one example, the batch axis is not among them. */
  lengthOneAxes(shape: readonly number[]): readonly number[] {
    const axes = shape.flatMap((length, axis) => length === 1 ? [axis] : []);
    const { squeezed, batch } = this.#values;
    if (batch === 1) return squeezed.get(this.node.name) ?? axes;
    squeezed.set(this.node.name, axes);
    return axes;
  }

  /**
   * The number of examples that the file fixes and the one it is applied to, for telling a fixed batch in a shape from
   * other lengths.
   */
  get batch(): { readonly fixed?: number; readonly now: number } {
    return { fixed: this.#values.fixedBatch, now: this.#values.batch };
  }

  /** Whether an input is connected. */
  has(i: number): boolean {
    return (this.node.inputs[i] ?? "") !== "";
  }

  /** Number of the node's inputs, including ones left out in the middle. */
  get count(): number {
    return this.node.inputs.length;
  }

  value(i: number): Value {
    return this.#values.value(this.#name(i), this.node);
  }

  /** An input, or undefined if it is left out. */
  optional(i: number): Value | undefined {
    return this.has(i) ? this.value(i) : undefined;
  }

  /** All inputs. */
  all(): Value[] {
    return this.node.inputs.map((_, i) => this.value(i));
  }

  /** An operand of an elementwise operator: single numbers in the file become constants, not parameters. */
  operand(i: number): Value {
    return this.#values.operand(this.#name(i), this.node);
  }

  state(i: number): StateValue {
    return this.#values.state(this.#name(i), this.node);
  }

  shape(i: number): readonly number[] {
    return this.#values.shape(this.#name(i), this.node);
  }

  parameter(name: string, tensor: Tensor<"float32">): Value {
    return this.#values.parameter(`${this.node.name}.${name}`, tensor);
  }

  /** An input that the file alone determines; undefined if it depends on data. */
  maybeKnown(i: number): Tensor | undefined {
    return this.#values.known(this.#name(i));
  }

  /**
   * An input that the file alone determines.
   *
   * @throws FlwrError "unimplemented" when the input depends on data
   */
  known(i: number): Tensor {
    const tensor = this.maybeKnown(i);
    if (tensor !== undefined) return tensor;
    throw new FlwrError(
      "unimplemented",
      `Input ${i} ("${
        this.node.inputs[i]
      }") must be a constant of the file, but it is computed from data`,
    );
  }

  /** The list of integers in an input, such as axes or lengths; undefined if the input is left out. */
  numbers(i: number): number[] | undefined {
    if (!this.has(i)) return undefined;
    const { data, shape } = this.known(i);
    if (data.length <= MAX_LISTED_NUMBERS) return Array.from(data as ArrayLike<number>, Number);
    throw new FlwrError(
      "resource-exhausted",
      `Input ${i} ("${this.node.inputs[i]}") lists at most ${MAX_LISTED_NUMBERS} numbers: ` +
        `got [${shape}]`,
    );
  }

  /** Like {@link numbers}, but also undefined if the list is empty: old exporters write left-out inputs so. */
  listed(i: number): number[] | undefined {
    if (i >= this.count || !this.has(i)) return undefined;
    const numbers = this.numbers(i);
    return numbers?.length === 0 ? undefined : numbers;
  }

  /** One number from an input; undefined if the input is left out. */
  number(i: number): number | undefined {
    return this.numbers(i)?.[0];
  }

  /** Integers that newer operator sets have in an input and older ones in an attribute. */
  integers(name: string, i: number): readonly number[] | undefined {
    return this.numbers(i) ?? this.ints(name);
  }

  int(name: string, fallback: number): number {
    return this.#attribute(name, "int")?.value ?? fallback;
  }

  float(name: string, fallback: number): number {
    return this.#attribute(name, "float")?.value ?? fallback;
  }

  string(name: string, fallback: string): string {
    return this.#attribute(name, "string")?.value ?? fallback;
  }

  ints(name: string): readonly number[] | undefined {
    return this.#attribute(name, "ints")?.value;
  }

  /** One integer or a list of them from an attribute, with all 64 bits. */
  exact(name: string): readonly bigint[] | undefined {
    const attribute = this.node.attributes.get(name);
    if (attribute?.kind === "int") return [attribute.exact];
    return this.#attribute(name, "ints")?.exact;
  }

  floats(name: string): readonly number[] | undefined {
    return this.#attribute(name, "floats")?.value;
  }

  tensor(name: string): Tensor | undefined {
    return this.#attribute(name, "tensor")?.value;
  }

  /**
   * Refuses the value of an attribute.
   *
   * @throws FlwrError "unimplemented" that names the attribute, its value and the supported ones
   */
  refuse(name: string, value: unknown, supported: string): never {
    throw new FlwrError(
      "unimplemented",
      `Attribute "${name}" must be ${supported}: got ${JSON.stringify(value)}`,
    );
  }

  #name(i: number): string {
    const name = this.node.inputs[i] ?? "";
    if (name === "") throw new FlwrError("data-loss", `Input ${i} is missing`);
    return name;
  }

  #attribute<K extends AttributeValue["kind"]>(
    name: string,
    kind: K,
  ): Extract<AttributeValue, { kind: K }> | undefined {
    const attribute = this.node.attributes.get(name);
    if (attribute === undefined) return undefined;
    if (attribute.kind !== kind) {
      throw new FlwrError(
        "data-loss",
        `Attribute "${name}" must be of type ${kind}: got ${attribute.kind}`,
      );
    }
    return attribute as Extract<AttributeValue, { kind: K }>;
  }
}
