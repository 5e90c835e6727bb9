import type { Value } from "../graph/value.ts";
import type { Scope } from "./layer.ts";

/** Symbolic arrays by name. */
export type NamedValues = Readonly<Record<string, Value>>;

/** A network with several named inputs or outputs. */
export interface Network {
  /** Computes the outputs, each [batch, …], from inputs [batch, …]: one output, or several by name. */
  connect(inputs: NamedValues, scope: Scope): Value | NamedValues;
}

/**
 * Makes a network with several inputs or outputs from a function. Layers that it applies are its parts, as in `layer`.
 *
 * @param connect computes the outputs from the inputs by name
 * @example A network that classifies and rates images with a text
 * ```ts
 * const both = network(({ image, text }, scope) => {
 *   const seen = scope.apply(vision, image!);
 *   const read = scope.apply(reader, text!);
 *   const joined = ops.concat([seen, read], 1);
 *   return {
 *     kind: scope.apply(dense({ name: "kind", out: 10 }), joined),
 *     rating: scope.apply(dense({ name: "rating", out: 1 }), joined),
 *   };
 * });
 * new Model({
 *   network: both,
 *   input: { image: { shape: [3, 32, 32] }, text: { shape: [16], dtype: "int32" } },
 *   loss: { kind: crossEntropy(), rating: weighted(huber(), 0.1) },
 *   optimizer: adam(),
 * });
 * ```
 */
export function network(connect: Network["connect"]): Network {
  return { connect };
}
