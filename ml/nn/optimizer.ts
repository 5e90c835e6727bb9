import { FlwrError } from "../../base/error.ts";
import type { Value } from "../graph/value.ts";

/** One parameter during a step, as the optimiser sees it. */
export interface Step {
  /** The parameter, float32 of any shape. */
  readonly parameter: Value;
  /** The gradient, multiplied by {@link Optimizer.gradientFactor} if there is one. */
  readonly gradient: Value;
  /** The optimiser's arrays for this parameter, each of the parameter's shape, initially zero. */
  readonly slots: readonly Value[];
  /** The step's numbers from {@link Optimizer.scalars}: float32 scalars. */
  readonly scalars: readonly Value[];
  /** This step's learning rate divided by the previous one's, a float32 scalar; missing if the rate never changes. */
  readonly rateRatio?: Value;
}

/** A rule that updates parameters from their gradients. */
export interface Optimizer {
  /** The kind of optimiser, for messages: `sgd`. */
  readonly kind: string;
  /** Step size, above 0, unless a fit's options have another one. */
  readonly learningRate: number;
  /** Number of arrays of a parameter's shape that the optimiser keeps per parameter. */
  readonly slots: number;
  /** Whether the slots are proportional to the learning rate, so that they must be scaled when it changes. */
  readonly slotsFollowRate: boolean;
  /**
   * Numbers that depend on the step but not on the parameter, computed in float64 outside of the graph.
   *
   * @param step number of the step, from 1
   * @param learningRate learning rate of the step
   */
  scalars(step: number, learningRate: number): readonly number[];
  /**
   * A factor for the gradients, if not 1. Differentiation is linear, so the factor costs nothing there; an optimiser
   * that is linear in the gradient saves one multiplication per parameter with it.
   */
  gradientFactor?(scalars: readonly Value[]): Value;
  /** Computes the parameter and the slots after the step. */
  update(step: Step): { parameter: Value; slots: Value[] };
}

/**
 * Checks a learning rate.
 *
 * @throws FlwrError "invalid-argument" when it is not a positive number
 */
export function requireLearningRate(learningRate: number): void {
  requirePositive("learning rate", learningRate);
}

/**
 * Checks that a number is positive and finite.
 *
 * @throws FlwrError "invalid-argument" unless 0 < value < ∞
 */
export function requirePositive(what: string, value: number): void {
  if (value > 0 && Number.isFinite(value)) return;
  throw new FlwrError("invalid-argument", `The ${what} must be greater than 0: got ${value}`);
}

/**
 * Checks that a number is in a range.
 *
 * @throws FlwrError "invalid-argument" unless low ≤ value < high
 */
export function requireRange(what: string, value: number, low: number, high: number): void {
  if (value >= low && value < high) return;
  const limit = high === Infinity ? "" : ` and below ${high}`;
  throw new FlwrError(
    "invalid-argument",
    `The ${what} must be at least ${low}${limit}: got ${value}`,
  );
}
