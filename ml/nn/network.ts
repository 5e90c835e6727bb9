import type { Value } from "../graph/value.ts";
import type { Scope } from "./layer.ts";

/** Symbolic arrays by name. */
export type NamedValues = Readonly<Record<string, Value>>;

/** A network of several named inputs or outputs. */
export interface Network {
  /** The outputs, each [batch, …], from inputs [batch, …]: one, or several by name. */
  connect(inputs: NamedValues, scope: Scope): Value | NamedValues;
}

/**
 * Makes a network with several inputs or outputs from a function. Layers are its parts, as in `layer`.
 *
 * @example Images and texts that are told apart together, and rated
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
