import { FlwrError } from "../../base/error.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Random } from "../../base/random.ts";
import type { DType } from "../../tensor/dtype.ts";
import type { Value } from "../graph/value.ts";

/** Makes the first values of a parameter. */
export type Initializer = (random: Random, shape: readonly number[]) => Tensor<"float32">;

/** Makes the first values of a state, of the state's dtype. */
export type StateInitializer = (random: Random, shape: readonly number[]) => Tensor;

/** What a layer can use while a network is traced. */
export interface Scope {
  /** Dotted path of the layer, as in PyTorch's state_dict; empty for the network itself. */
  readonly path: string;
  /** Whether the network is traced for training, as opposed to evaluation. */
  readonly training: boolean;
  /** A parameter that is trained, float32. The full name is the path, a dot and `name`. */
  parameter(name: string, shape: readonly number[], initializer: Initializer): Value;
  /** A value that is kept with the parameters but not trained, such as a running mean; float32 by default. */
  state(
    name: string,
    shape: readonly number[],
    initializer: StateInitializer,
    dtype?: DType,
  ): Value;
  /**
   * Sets what a state becomes at the end of this step.
   *
   * @throws FlwrError "invalid-argument" when it is set already, as when a layer with a state is applied twice
   */
  update(state: Value, next: Value): void;
  /** Random float32 numbers from [0, 1), others in each step and each call: only while `training`. */
  uniform(shape: readonly number[]): Value;
  /** The scope of a part of this layer. */
  within(name: string): Scope;
  /**
   * The order in which the parts' parameters are listed, where it is not that of their use: a list of parameters has
   * the same order as in PyTorch when parts are in the order that PyTorch's module defines them in.
   */
  order(parts: readonly string[]): void;
  /**
   * Applies a part of this layer to x. The part's parameters are named by the part's name; if it has none, by the given
   * one, by default the part's position among those applied here. The same object applied again is the same part: its
   * parameters are shared.
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

/** A piece of a network: a function over symbolic arrays that owns parameters. Its own object holds no values. */
export interface Layer {
  /** What it is, for messages: `conv2d`. */
  readonly kind: string;
  /** Its name within the network around it; by default its position. */
  readonly name?: string;
  /** Where it was read from a file, the file's names for its input and output: an exported model keeps them. */
  readonly ports?: Ports;
  /** The layer applied to x [batch, …]. */
  apply(x: Value, scope: Scope): Value;
}

/** What every layer may be given. */
export interface LayerOptions {
  /** Name within the network around it (default: its position); `conv1` makes `conv1.weight`. */
  readonly name?: string;
}

const located = new WeakSet<FlwrError>();

/**
 * Applies a layer; an error inside names the innermost layer.
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
 * Makes a layer from a function over symbolic arrays. Other layers are its parts.
 *
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
