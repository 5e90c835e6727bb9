import { add, mul } from "../graph/elementwise.ts";
import { type Optimizer, requireLearningRate, requireRange } from "./optimizer.ts";

/** Options of {@link sgd}. */
export interface SgdOptions {
  /** Step size, greater than 0; 0.001 to 0.1 is common. */
  readonly learningRate: number;
  /** Share of the previous step that is added to each step, from 0 to below 1 (default 0). */
  readonly momentum?: number;
  /** L2 penalty, added to the gradient as weightDecay · parameter (default 0). */
  readonly weightDecay?: number;
  /** Nesterov's momentum (default false). */
  readonly nesterov?: boolean;
}

/**
 * Stochastic gradient descent, like PyTorch's optim.SGD. It keeps v = −learningRate · (PyTorch's momentum buffer) per
 * parameter: v ← momentum · v − learningRate · g, then p ← p + v.
 *
 * @throws FlwrError "invalid-argument" when a number is out of range
 */
export function sgd(options: SgdOptions): Optimizer {
  const { learningRate, momentum = 0, weightDecay = 0, nesterov = false } = options;
  requireLearningRate(learningRate);
  requireRange("momentum", momentum, 0, 1);
  requireRange("weight decay", weightDecay, 0, Infinity);
  return {
    kind: "sgd",
    learningRate,
    slots: momentum > 0 ? 1 : 0,
    slotsFollowRate: true,
    scalars: (_, rate) => [-rate],
    gradientFactor: ([negativeRate]) => negativeRate!,
    update({ parameter, gradient, slots: [velocity], scalars: [negativeRate], rateRatio }) {
      const step = weightDecay === 0
        ? gradient
        : add(gradient, mul(parameter, mul(negativeRate!, weightDecay)));
      if (velocity === undefined) return { parameter: add(parameter, step), slots: [] };
      const kept = rateRatio === undefined ? momentum : mul(rateRatio, momentum);
      const next = add(mul(velocity, kept), step);
      const move = nesterov ? add(step, mul(next, momentum)) : next;
      return { parameter: add(parameter, move), slots: [next] };
    },
  };
}
