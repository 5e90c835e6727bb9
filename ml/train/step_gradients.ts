import { gradients } from "../grad/gradients.ts";
import { add, div, fill, maximum, minimum, mul, sqrt, sub } from "../graph/elementwise.ts";
import { reduceSum } from "../graph/reduce.ts";
import type { Value } from "../graph/value.ts";

/** Limits of gradients; with both, single numbers are clipped before the norm. */
export interface Clipping {
  /** Largest norm (root of the sum of squares) over all gradients, like PyTorch's clip_grad_norm_. */
  readonly norm?: number;
  /** Largest absolute value of each number, like PyTorch's clip_grad_value_. */
  readonly value?: number;
}

/** Changes to gradients before the optimiser receives them. */
export interface GradientOptions {
  /** A factor that is applied last. */
  readonly factor?: Value;
  readonly clipping?: Clipping;
  /**
   * FedProx (Li et al., 2020): adds strength · (parameter − start), the gradient of strength/2 · ‖parameter − start‖².
   */
  readonly proximal?: { readonly strength: Value; readonly starts: readonly Value[] };
  /** Constants that are added, one per parameter: the gradient of a linear term of the loss, such as control variates. */
  readonly correction?: readonly Value[];
}

// As in PyTorch's clip_grad_norm_, so that a norm of zero does not cause a division by zero.
const NORM_EPSILON = 1e-6;

/** The gradients of the loss in the parameters, as the optimiser receives them. */
export function stepGradients(
  loss: Value,
  parameters: readonly Value[],
  { factor, clipping, proximal, correction }: GradientOptions,
): Value[] {
  const clipped = clipping?.norm !== undefined || clipping?.value !== undefined;
  // Everything but clipping is linear, so the factor can be applied during differentiation at no cost.
  const early = clipped ? undefined : factor;
  let slopes = gradients(loss, parameters, early);
  if (proximal !== undefined) {
    const pull = early === undefined ? proximal.strength : mul(proximal.strength, early);
    slopes = slopes.map((slope, i) =>
      add(slope, mul(sub(parameters[i]!, proximal.starts[i]!), pull))
    );
  }
  if (correction !== undefined) {
    slopes = slopes.map((slope, i) =>
      add(slope, early === undefined ? correction[i]! : mul(correction[i]!, early))
    );
  }
  if (!clipped) return slopes;
  const { value, norm } = clipping!;
  if (value !== undefined) {
    slopes = slopes.map((slope) => maximum(minimum(slope, value), -value));
  }
  let scale = factor;
  if (norm !== undefined) {
    const squares = slopes.map((slope) => reduceSum(mul(slope, slope)));
    const total = sqrt(squares.reduce((sum, square) => add(sum, square)));
    const shrink = minimum(div(fill(norm, "float32"), add(total, NORM_EPSILON)), 1);
    scale = factor === undefined ? shrink : mul(shrink, factor);
  }
  return scale === undefined ? slopes : slopes.map((slope) => mul(slope, scale));
}
