import { FlwrError } from "../../base/error.ts";
import { elementCount, type Tensor } from "../../tensor/tensor.ts";
import { cast } from "../graph/elementwise.ts";
import { showShape } from "../graph/shape.ts";
import { constant, input, type Value } from "../graph/value.ts";
import type { Scope } from "../nn/layer.ts";
import { traceParts } from "../nn/trace.ts";
import { computedType, NodeCall, type StateValue, type Values } from "./graph/call.ts";
import { ConstantFolder } from "./fold.ts";
import { KernelCheck } from "./kernel_check.ts";
import type { OnnxGraph, OnnxInput, OnnxNode } from "./graph/graph.ts";
import { ruleOf } from "./operators.ts";
import { matchesName, type NamePattern } from "./patterns.ts";

/** Most elements of any array while a file's graph is applied: 2³¹, more than training could hold in memory. */
const MAX_VALUE_ELEMENTS = 2 ** 31;

/** Most elements of all constants of one graph together: 512 MiB of float32. */
const MAX_ALL_CONSTANT_ELEMENTS = 2 ** 27;

/** Selects the tensors of a file to train, where the default rules do not fit. */
export interface TrainingChoice {
  /** Names of parameters and running statistics that stay unchanged. */
  readonly freeze?: NamePattern;
  /** Names of tensors to train that would otherwise be constants. */
  readonly train?: NamePattern;
}

/** A file's graph with its tensors, ready to be applied. */
export interface PreparedGraph {
  readonly graph: OnnxGraph;
  /** Tensors of the file; real numbers are converted to float32. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Other names of the file's tensors: outputs of Identity nodes. */
  readonly aliases: ReadonlyMap<string, Tensor>;
  /**
   * Tensors of one repeated number that several nodes use. Exporters merge such equal tensors, so each user gets its
   * own.
   */
  readonly merged: ReadonlySet<string>;
  readonly choice: TrainingChoice;
  /** Axes that Squeeze nodes without a list of axes remove, by node name, determined with several examples. */
  readonly squeezed: Map<string, readonly number[]>;
}

const isFloat = (tensor: Tensor): tensor is Tensor<"float32"> => tensor.dtype === "float32";

class GraphValues implements Values {
  readonly #prepared: PreparedGraph;
  readonly #made = new Map<string, Value>();
  readonly #variables = new Map<string, Value>();
  readonly #folder = new ConstantFolder();
  readonly #kernels = new KernelCheck();
  #constantElements = 0;

  constructor(
    prepared: PreparedGraph,
    readonly scope: Scope,
    readonly batch: number,
    readonly fixedBatch: number | undefined,
  ) {
    this.#prepared = prepared;
  }

  /**
   * Sets the value of a name.
   *
   * @throws FlwrError when the value is too large, or has a type that ONNX Runtime cannot compute it in
   */
  set(name: string, value: Value): void {
    if (!(elementCount(value.shape) <= MAX_VALUE_ELEMENTS)) {
      throw new FlwrError(
        "resource-exhausted",
        `Its result ${showShape(value.shape)} has more than ${MAX_VALUE_ELEMENTS} elements`,
      );
    }
    const folded = this.#folder.fold(value);
    this.#kernels.require(folded);
    if (folded.primitive === "constant") this.#constantElements += elementCount(folded.shape);
    if (this.#constantElements > MAX_ALL_CONSTANT_ELEMENTS) {
      throw new FlwrError(
        "resource-exhausted",
        `The constants of the ONNX graph have more than ${MAX_ALL_CONSTANT_ELEMENTS} elements`,
      );
    }
    this.#made.set(name, folded);
  }

  get squeezed(): Map<string, readonly number[]> {
    return this.#prepared.squeezed;
  }

  value(name: string, user: OnnxNode): Value {
    return this.#made.get(name) ?? this.#fromFile(name, user, false);
  }

  operand(name: string, user: OnnxNode): Value {
    return this.#made.get(name) ?? this.#fromFile(name, user, true);
  }

  state(name: string, user: OnnxNode): StateValue {
    const tensor = this.#tensor(name);
    if (tensor === undefined || !isFloat(tensor)) {
      return { value: this.value(name, user), moves: false };
    }
    const full = this.#fullName(name, user);
    const value = this.#variable(full, () => this.scope.state(full, tensor.shape, () => tensor));
    return { value, moves: !matchesName(this.#prepared.choice.freeze, full) };
  }

  known(name: string): Tensor | undefined {
    const tensor = this.#tensor(name);
    if (tensor !== undefined) return tensor;
    const value = this.#made.get(name);
    return value?.primitive === "constant" ? value.attributes.tensor : undefined;
  }

  shape(name: string, user: OnnxNode): readonly number[] {
    return this.#tensor(name)?.shape ?? this.value(name, user).shape;
  }

  parameter(name: string, tensor: Tensor<"float32">): Value {
    return this.#variable(
      name,
      () =>
        matchesName(this.#prepared.choice.freeze, name)
          ? this.scope.state(name, tensor.shape, () => tensor)
          : this.scope.parameter(name, tensor.shape, () => tensor),
    );
  }

  #tensor(name: string): Tensor | undefined {
    return this.#prepared.tensors.get(name) ?? this.#prepared.aliases.get(name);
  }

  #fromFile(name: string, user: OnnxNode, isOperand: boolean): Value {
    const tensor = this.#tensor(name);
    if (tensor === undefined) {
      throw new FlwrError("unimplemented", `It needs "${name}", an output that is not supported`);
    }
    if (!isFloat(tensor) || !this.#isTrained(name, tensor, isOperand)) return constant(tensor);
    return this.parameter(this.#fullName(name, user), tensor);
  }

  #isTrained(name: string, { shape, data }: Tensor<"float32">, isOperand: boolean): boolean {
    if (matchesName(this.#prepared.choice.train, name)) return true;
    // Factors and exponents are single numbers; masks contain infinities. Neither is trained.
    if (shape.length === 0 || data.length === 0 || (isOperand && data.length === 1)) return false;
    return data.every(Number.isFinite);
  }

  #fullName(name: string, user: OnnxNode): string {
    return this.#prepared.merged.has(name) ? `${name}@${user.name}` : name;
  }

  #variable(name: string, make: () => Value): Value {
    const known = this.#variables.get(name);
    if (known !== undefined) return known;
    const value = make();
    this.#variables.set(name, value);
    return value;
  }
}

/** An input of the network as the file declares it; only the number of examples may differ. */
function boundInput(x: Value, { name, dtype, shape }: OnnxInput): Value {
  const fits = shape === undefined ||
    (shape.length === x.shape.length &&
      shape.every((length, axis) => axis === 0 || length === null || length === x.shape[axis]));
  if (!fits) {
    const declared = shape.map((length, axis) => axis === 0 ? "batch" : length ?? "any");
    throw new FlwrError(
      "invalid-argument",
      `Input "${name}" of the ONNX file has the shape [${declared.join(", ")}]: ` +
        `got ${showShape(x.shape)}`,
    );
  }
  return cast(x, computedType(dtype));
}

function applyNode(node: OnnxNode, values: GraphValues): void {
  const rule = ruleOf(node);
  try {
    const made = rule(new NodeCall(node, values));
    const outputs = Array.isArray(made) ? made as readonly (Value | undefined)[] : [made as Value];
    node.outputs.forEach((name, i) => {
      const value = outputs[i];
      if (name !== "" && value !== undefined) values.set(name, value);
    });
  } catch (cause) {
    const { code, message, hints } = FlwrError.from(cause);
    throw new FlwrError(code, `Node "${node.name}" (${node.op}): ${message}`, { hints, cause });
  }
}

/** A pseudo-node that uses an output's value, for the methods that need the user of a name. */
function endOf(output: string): OnnxNode {
  const attributes: OnnxNode["attributes"] = new Map();
  return { name: output, op: "output", opset: 0, inputs: [output], outputs: [], attributes };
}

/** A batch of more than one example, with a length that hardly any other axis has. */
const SEVERAL = 37;

/** Determines which axes of length 1 are removed when the batch is not one of them. */
function learnSqueezed(prepared: PreparedGraph, given: readonly Value[]): void {
  const isOpen = ({ op, inputs, attributes }: OnnxNode) =>
    op === "Squeeze" && (inputs[1] ?? "") === "" && !attributes.has("axes");
  const unknown = prepared.graph.nodes.some((node) =>
    isOpen(node) && !prepared.squeezed.has(node.name)
  );
  if (!unknown) return;
  const several = given.map(({ dtype, shape }, i) =>
    input(`several:${i}`, dtype, [SEVERAL, ...shape.slice(1)])
  );
  try {
    traceParts((scope) => applyGraph(prepared, several, scope));
  } catch {
    // The file is for one example only, so the axes that it removes are those it declares.
  }
}

/**
 * Applies a file's graph to its inputs [batch, …]. Each node becomes our primitives; tensors become parameters and
 * states when a node uses them.
 *
 * @param given one value for each of the graph's inputs, in their order
 * @returns the outputs in the graph's order
 * @throws FlwrError that names the node with the invalid or unsupported operator, attribute or shape
 */
export function applyGraph(
  prepared: PreparedGraph,
  given: readonly Value[],
  scope: Scope,
): Value[] {
  const { graph, aliases } = prepared;
  const declared = graph.inputs[0]!.shape?.[0] ?? undefined;
  if (given[0]!.shape[0] === 1 && declared !== 1) learnSqueezed(prepared, given);
  const values = new GraphValues(prepared, scope, given[0]!.shape[0] ?? 1, declared);
  graph.inputs.forEach((input, i) => values.set(input.name, boundInput(given[i]!, input)));
  for (const node of graph.nodes) {
    if (!node.outputs.some((name) => aliases.has(name))) applyNode(node, values);
  }
  return [...graph.outputs.values()].map((name) => values.value(name, endOf(name)));
}
