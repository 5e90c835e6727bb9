import { cast, fill, less, mul } from "../graph/elementwise.ts";
import type { Value } from "../graph/value.ts";
import { type Layer, layer, type LayerOptions, type Scope } from "./layer.ts";
import { requireRange } from "./optimizer.ts";

/** In training, sets each number of x to zero with a probability and scales the others by 1 / (1 − probability). */
export function dropValues(x: Value, probability: number, scope: Scope): Value {
  if (!scope.training || probability === 0) return x;
  const kept = less(scope.uniform(x.shape), fill(1 - probability, "float32"));
  return mul(x, mul(cast(kept, "float32"), 1 / (1 - probability)));
}

/**
 * Dropout (Srivastava et al., 2014): float32 [batch, …] → the same. In training, each number becomes zero with the
 * given probability and the others are scaled by 1 / (1 − probability). In evaluation, numbers do not change. The fit's
 * seed determines which numbers become zero.
 *
 * @param probability from 0 to below 1 (default 0.5)
 * @throws FlwrError "invalid-argument" when the probability is out of range
 */
export function dropout(probability = 0.5, options: LayerOptions = {}): Layer {
  requireRange("probability of dropout", probability, 0, 1);
  return layer("dropout", (x, scope) => dropValues(x, probability, scope), options);
}
