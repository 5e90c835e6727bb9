import { FlwrError } from "../../base/error.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Random } from "../../base/random.ts";
import type { DType } from "../../tensor/dtype.ts";
import type { Value } from "../graph/value.ts";

/** Creates the initial values of a parameter of the given shape. */
export type Initializer = (random: Random, shape: readonly number[]) => Tensor<"float32">;

/** Creates the initial values of a state, in the state's dtype. */
export type StateInitializer = (random: Random, shape: readonly number[]) => Tensor;

/** The functions that a layer can call while its network is traced. */
export interface Scope {
  /** Dotted path of the layer, as in PyTorch's state_dict; empty for the network itself. */
  readonly path: string;
  /** Whether the network is traced for training; false for evaluation. */
  readonly training: boolean;
  /** A trained parameter, float32. Its full name is the path, a dot and `name`. */
  parameter(name: string, shape: readonly number[], initializer: Initializer): Value;
  /** A value that is kept with the parameters but is not trained, such as a running mean (default dtype float32). */
  state(
    name: string,
    shape: readonly number[],
    initializer: StateInitializer,
    dtype?: DType,
  ): Value;
  /**
   * Sets the value of a state at the end of this step.
   *
   * @throws FlwrError "invalid-argument" when it is already set, as when a layer with a state is applied twice
   */
  update(state: Value, next: Value): void;
  /** Random float32 numbers from [0, 1), new in each step and call. Only available while `training`. */
  uniform(shape: readonly number[]): Value;
  /** The scope of a part of this layer. */
  within(name: string): Scope;
  /**
   * Sets the order in which the parts' parameters are listed, if it is not the order of their use. A list of parameters
   * has PyTorch's order if parts are in the order in which PyTorch's module defines them.
   */
  order(parts: readonly string[]): void;
  /**
   * Applies a part of this layer to x. Its parameters are named by the part's name; without one, by `name`; without
   * that, by the part's position among those applied here. The same object applied again is the same part: it shares
   * its parameters.
   */
  apply(part: Layer, x: Value, name?: string): Value;
}

/** Names of a network's input and output in a file. */
export interface Ports {
  /** Name of the input. */
  readonly input: string;
  /** Name of the output. */
  readonly output: string;
}

/**
 * A piece of a network: a function over symbolic arrays that owns parameters. The layer object itself contains no
 * values.
 */
export interface Layer {
  /** The kind of layer, for messages: `conv2d`. */
  readonly kind: string;
  /** Name within the enclosing network (default: its position). */
  readonly name?: string;
  /** For a layer read from a file, the file's names of its input and output: an exported model keeps them. */
  readonly ports?: Ports;
  /** Applies the layer to x [batch, …]. */
  apply(x: Value, scope: Scope): Value;
}

/** Options of all layers. */
export interface LayerOptions {
  /**
   * Name within the enclosing network (default: its position); parameters of `conv1` are named `conv1.weight` and so
   * on.
   */
  readonly name?: string;
}

const located = new WeakSet<FlwrError>();

/**
 * Applies a layer. An error inside it names the innermost layer.
 *
 * @throws FlwrError "invalid-argument" when the shape of x does not fit: names the layer and both shapes
 */
export function applyLayer(layer: Layer, x: Value, scope: Scope): Value {
  try {
    return layer.apply(x, scope);
  } catch (error) {
    if (!(error instanceof FlwrError) || located.has(error)) throw error;
    const where = scope.path === "" ? layer.kind : `"${scope.path}" (${layer.kind})`;
    const wrapped = new FlwrError(error.code, `Layer ${where}: ${error.message}`, {
      hints: error.hints,
      cause: error,
    });
    located.add(wrapped);
    throw wrapped;
  }
}

/**
 * Makes a layer from a function over symbolic arrays, which can apply other layers as its parts.
 *
 * @param kind the kind of layer, for messages
 * @param apply maps x [batch, …] to the output [batch, …]
 * @example A block with a residual connection, whose parameters are `conv1.weight`, `conv2.weight` and so on.
 * ```ts
 * const block = layer("block", (x, scope) => {
 *   const inner = scope.apply(conv2d({ name: "conv1", out: 16, kernel: 3, padding: 1 }), x);
 *   return ops.add(x, scope.apply(conv2d({ name: "conv2", out: 16, kernel: 3, padding: 1 }), ops.relu(inner)));
 * });
 * ```
 */
export function layer(
  kind: string,
  apply: (x: Value, scope: Scope) => Value,
  options: LayerOptions = {},
): Layer {
  return { kind, name: options.name, apply };
}
