import { FlwrError } from "../../../base/error.ts";
import type { DType } from "../../../tensor/dtype.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import type { Value } from "../../graph/value.ts";
import type { Scope } from "../../nn/layer.ts";
import type { AttributeValue } from "../../onnx/read_attribute.ts";
import type { OnnxNode } from "./graph.ts";

/** Most axes lengths, starts, ends and the like that one input of a node may list. */
const MAX_LISTED_NUMBERS = 2 ** 16;

/** A state of the network, and whether training moves it. */
export interface StateValue {
  readonly value: Value;
  readonly moves: boolean;
}

/** Where a call gets the values of names from. */
export interface Values {
  /** A value; a tensor of the file becomes a parameter if it can be trained. */
  value(name: string, user: OnnxNode): Value;
  /** A value; a tensor of the file stays constant if it has one element, as factors and exponents have. */
  operand(name: string, user: OnnxNode): Value;
  /** Statistics that are kept with the parameters: a tensor of the file becomes a state. */
  state(name: string, user: OnnxNode): StateValue;
  /** A tensor of the file or one that follows from such; undefined when it depends on more. */
  known(name: string): Tensor | undefined;
  /** Shape without making a parameter of what is only asked for its shape. */
  shape(name: string, user: OnnxNode): readonly number[];
  /** A parameter whose first values are an attribute's. */
  parameter(name: string, tensor: Tensor<"float32">): Value;
  /** Number of examples that the file was made for, if it fixes one. */
  readonly fixedBatch?: number;
  /** Number of examples that it is applied to. */
  readonly batch: number;
  /** Axes that nodes without a list of axes take away, by name, once it was applied to several examples. */
  readonly squeezed: Map<string, readonly number[]>;
  readonly scope: Scope;
}

/** What an operator's rule makes of one node: its outputs, those that nobody can ask for left out. */
export type Rule = (call: Call) => Value | readonly (Value | undefined)[];

/** Floating-point types are all computed in float32. */
export function computedType(dtype: DType): DType {
  return dtype === "float16" || dtype === "float64" ? "float32" : dtype;
}

/** One node as its rule sees it: inputs and attributes with their defaults. */
export class Call {
  readonly #values: Values;

  constructor(readonly node: OnnxNode, values: Values) {
    this.#values = values;
  }

  /** The layer's scope: training or not, random numbers, states. */
  get scope(): Scope {
    return this.#values.scope;
  }

  /** Axes of length 1 that are taken away where none are listed: with one example the batch is not among them. */
  lengthOneAxes(shape: readonly number[]): readonly number[] {
    const axes = shape.flatMap((length, axis) => length === 1 ? [axis] : []);
    const { squeezed, batch } = this.#values;
    if (batch === 1) return squeezed.get(this.node.name) ?? axes;
    squeezed.set(this.node.name, axes);
    return axes;
  }

  /** What is needed to tell a fixed number of examples in a shape from any other length. */
  get batch(): { readonly fixed?: number; readonly now: number } {
    return { fixed: this.#values.fixedBatch, now: this.#values.batch };
  }

  /** Whether an input is given. */
  has(i: number): boolean {
    return (this.node.inputs[i] ?? "") !== "";
  }

  /** Inputs that are given, counted from the front. */
  get count(): number {
    return this.node.inputs.length;
  }

  value(i: number): Value {
    return this.#values.value(this.#name(i), this.node);
  }

  /** An input that may be left out. */
  optional(i: number): Value | undefined {
    return this.has(i) ? this.value(i) : undefined;
  }

  /** All inputs. */
  all(): Value[] {
    return this.node.inputs.map((_, i) => this.value(i));
  }

  /** An operand of an elementwise operator: single numbers of the file are constants, not parameters. */
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

  /** An input that is known from the file; undefined when it depends on more. */
  maybeKnown(i: number): Tensor | undefined {
    return this.#values.known(this.#name(i));
  }

  /** @throws FlwrError "unimplemented" when the input is not known from the file */
  known(i: number): Tensor {
    const tensor = this.maybeKnown(i);
    if (tensor !== undefined) return tensor;
    throw new FlwrError(
      "unimplemented",
      `Input ${i} ("${this.node.inputs[i]}") must be known from the file: it is computed from data`,
    );
  }

  /** Lengths, axes and the like from an input; undefined when it is left out. */
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

  /** As {@link numbers}; undefined also where the list is empty, as old exporters leave inputs out. */
  listed(i: number): number[] | undefined {
    if (i >= this.count || !this.has(i)) return undefined;
    const numbers = this.numbers(i);
    return numbers?.length === 0 ? undefined : numbers;
  }

  /** One number from an input; undefined when it is left out. */
  number(i: number): number | undefined {
    return this.numbers(i)?.[0];
  }

  /** Integers that older versions keep in an attribute and newer ones in an input. */
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

  /** An integer, or a list of them, with all of its 64 bits. */
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

  /** @throws FlwrError "unimplemented" with a sentence about this node's attribute */
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
