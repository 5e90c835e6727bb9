import { FlwrError } from "../../base/error.ts";
import type { Value } from "../graph/value.ts";

/** One parameter in the middle of a step. */
export interface Step {
  /** The parameter, float32 of any shape. */
  readonly parameter: Value;
  /** The gradient, times what {@link Optimizer.gradientFactor} said. */
  readonly gradient: Value;
  /** What the optimiser keeps for this parameter, each of the parameter's shape, zero at the start. */
  readonly slots: readonly Value[];
  /** The step's numbers, as {@link Optimizer.scalars} gave them: float32 scalars. */
  readonly scalars: readonly Value[];
  /** This step's learning rate divided by the last one's, a float32 scalar; missing when the rate never changes. */
  readonly rateRatio?: Value;
}

/** A rule that changes parameters by their gradients. */
export interface Optimizer {
  /** What it is, for messages: `sgd`. */
  readonly kind: string;
  /** The step size unless a fit says another, above 0. */
  readonly learningRate: number;
  /** How many arrays of a parameter's shape are kept per parameter. */
  readonly slots: number;
  /** Whether the slots are proportional to the learning rate, so that a change of it must scale them. */
  readonly slotsFollowRate: boolean;
  /**
   * Numbers that depend on the step but on no parameter, computed in float64 outside of the graph.
   *
   * @param step the step's number, from 1
   */
  scalars(step: number, learningRate: number): readonly number[];
  /**
   * A number that the gradients shall come multiplied by, if not 1. Differentiation is linear, so the factor costs
   * nothing; an optimiser that is linear in the gradient saves a multiplication per parameter by it.
   */
  gradientFactor?(scalars: readonly Value[]): Value;
  /** The parameter and the slots after the step. */
  update(step: Step): { parameter: Value; slots: Value[] };
}

/** @throws FlwrError "invalid-argument" when the learning rate is no positive number */
export function requireLearningRate(learningRate: number): void {
  requirePositive("learning rate", learningRate);
}

/** @throws FlwrError "invalid-argument" unless 0 < value < ∞ */
export function requirePositive(what: string, value: number): void {
  if (value > 0 && Number.isFinite(value)) return;
  throw new FlwrError("invalid-argument", `The ${what} must be greater than 0: got ${value}`);
}

/** @throws FlwrError "invalid-argument" unless low ≤ value < high */
export function requireRange(what: string, value: number, low: number, high: number): void {
  if (value >= low && value < high) return;
  const limit = high === Infinity ? "" : ` and below ${high}`;
  throw new FlwrError(
    "invalid-argument",
    `The ${what} must be at least ${low}${limit}: got ${value}`,
  );
}
