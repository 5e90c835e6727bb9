import { add, mul, neg } from "../graph/elementwise.ts";
import type { Value } from "../graph/value.ts";
import { FlwrError } from "../../base/error.ts";

/** One parameter in the middle of a step. */
export interface Step {
  readonly parameter: Value;
  /** The gradient, times what {@link Optimizer.gradientFactor} said. */
  readonly gradient: Value;
  /** What the optimiser keeps for this parameter, each of the parameter's shape, zero at the start. */
  readonly slots: readonly Value[];
  /** The learning rate, a float32 scalar. */
  readonly learningRate: Value;
}

/** A rule that changes parameters by their gradients. */
export interface Optimizer {
  /** What it is, for messages: `sgd`. */
  readonly kind: string;
  readonly learningRate: number;
  /** How many arrays of a parameter's shape are kept per parameter. */
  readonly slots: number;
  /**
   * A number that the gradients shall come multiplied by. Differentiation is linear, so the factor costs nothing;
   * an optimiser that is linear in the gradient saves a multiplication per parameter by it.
   */
  gradientFactor(learningRate: Value): Value | undefined;
  /** The parameter and the slots after the step. */
  update(step: Step): { parameter: Value; slots: Value[] };
}

/** Options of {@link sgd}. */
export interface SgdOptions {
  /** Step size, greater than 0; 0.001 to 0.1 is common. */
  readonly learningRate: number;
  /** How much of the last step goes on, from 0 (default) to below 1. */
  readonly momentum?: number;
  /** L2 penalty, added to the gradient as weightDecay · parameter (default 0). */
  readonly weightDecay?: number;
  /** Nesterov's momentum (default false). */
  readonly nesterov?: boolean;
}

/** @throws FlwrError "invalid-argument" when the learning rate is no positive number */
export function requireLearningRate(learningRate: number): void {
  if (!(learningRate > 0 && Number.isFinite(learningRate))) {
    throw new FlwrError(
      "invalid-argument",
      `The learning rate must be a number greater than 0: got ${learningRate}`,
    );
  }
}

/**
 * Stochastic gradient descent as PyTorch's optim.SGD. Kept per parameter is v = −learningRate · (PyTorch's momentum
 * buffer): v ← momentum · v − learningRate · g, then p ← p + v.
 *
 * @throws FlwrError "invalid-argument" when a number is out of range
 */
export function sgd(options: SgdOptions): Optimizer {
  const { learningRate, momentum = 0, weightDecay = 0, nesterov = false } = options;
  requireLearningRate(learningRate);
  if (!(momentum >= 0 && momentum < 1) || !(weightDecay >= 0)) {
    throw new FlwrError(
      "invalid-argument",
      `Momentum must be from 0 to below 1 and weight decay not negative: ` +
        `got ${momentum} and ${weightDecay}`,
    );
  }
  return {
    kind: "sgd",
    learningRate,
    slots: momentum > 0 ? 1 : 0,
    gradientFactor: (rate) => neg(rate),
    update({ parameter, gradient, slots: [velocity], learningRate: rate }) {
      const step = weightDecay === 0
        ? gradient
        : add(gradient, mul(parameter, mul(rate, -weightDecay)));
      if (velocity === undefined) return { parameter: add(parameter, step), slots: [] };
      const next = add(mul(velocity, momentum), step);
      const move = nesterov ? add(step, mul(next, momentum)) : next;
      return { parameter: add(parameter, move), slots: [next] };
    },
  };
}
