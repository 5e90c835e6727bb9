import { FlwrError } from "../../base/error.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Random } from "../../base/random.ts";
import type { Value } from "../graph/value.ts";

/** Makes the first values of a parameter. */
export type Initializer = (random: Random, shape: readonly number[]) => Tensor<"float32">;

/** Where a layer gets what it needs while a network is traced. */
export interface Scope {
  /** Dotted path of the layer, as in PyTorch's state_dict; empty for the network itself. */
  readonly path: string;
  /** Whether the network is traced for training, as opposed to evaluation. */
  readonly training: boolean;
  /** A parameter that is trained, float32. The full name is the path, a dot and `name`. */
  parameter(name: string, shape: readonly number[], initializer: Initializer): Value;
  /** A value that is kept with the parameters but not trained, such as a running mean. */
  state(name: string, shape: readonly number[], initializer: Initializer): Value;
  /** Sets what a state becomes at the end of this step. */
  update(state: Value, next: Value): void;
  /** The scope of a part of this layer. */
  within(name: string): Scope;
}

/** A piece of a network: a function over symbolic arrays that owns parameters. Its own object holds no values. */
export interface Layer {
  /** What it is, for messages: `conv2d`. */
  readonly kind: string;
  /** Its name within the network around it; by default its position. */
  readonly name?: string;
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
 * A layer out of a function, for whatever has no ready one:
 * `layer("double", (x) => mul(x, 2))`.
 */
export function layer(
  kind: string,
  apply: (x: Value, scope: Scope) => Value,
  options: LayerOptions = {},
): Layer {
  return { kind, name: options.name, apply };
}
