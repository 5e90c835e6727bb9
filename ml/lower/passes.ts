import type { Value } from "../graph/value.ts";
import type { Pattern } from "./tile.ts";

/** A rewriting of the graph before it is differentiated: outputs in, equal outputs out. */
export type GraphPass = (outputs: readonly Value[]) => Value[];

/** The optimisations that are applied. Without any the result is the same up to rounding, only slower. */
export interface Optimizations {
  /** Applied in order, each to the whole graph. */
  readonly passes: readonly GraphPass[];
  /** Tried in order on each value when the graph is turned into ONNX. */
  readonly patterns: readonly Pattern[];
}

/** No optimisation: every primitive becomes its plain ONNX form. */
export const PLAIN: Optimizations = { passes: [], patterns: [] };

/** All optimisations. */
export const OPTIMIZED: Optimizations = { passes: [], patterns: [] };

/** Applies the graph passes to outputs. */
export function applyPasses(outputs: readonly Value[], { passes }: Optimizations): Value[] {
  return passes.reduce<Value[]>((values, pass) => pass(values), [...outputs]);
}
