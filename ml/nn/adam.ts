import { add, div, mul, sqrt, sub } from "../graph/elementwise.ts";
import type { Value } from "../graph/value.ts";
import { type Optimizer, requireLearningRate, requireRange } from "./optimizer.ts";

/** Options of {@link adam} and {@link adamW}. */
export interface AdamOptions {
  /** Step size (default 0.001). */
  readonly learningRate?: number;
  /**
   * Decay rates of the running means of gradients and of their squares, each from 0 to below 1 (default [0.9, 0.999]).
   */
  readonly betas?: readonly [number, number];
  /** Added to the root of the mean square (default 1e-8). */
  readonly epsilon?: number;
  /**
   * For `adam`, the L2 penalty in the gradient. For `adamW`, the share of the parameter that is subtracted per unit of
   * learning rate (default: 0 for `adam`, 0.01 for `adamW`).
   */
  readonly weightDecay?: number;
}

function build(kind: "adam" | "adamW", options: AdamOptions): Optimizer {
  const { learningRate = 0.001, betas: [beta1, beta2] = [0.9, 0.999], epsilon = 1e-8 } = options;
  const weightDecay = options.weightDecay ?? (kind === "adamW" ? 0.01 : 0);
  requireLearningRate(learningRate);
  requireRange("first beta", beta1, 0, 1);
  requireRange("second beta", beta2, 0, 1);
  requireRange("epsilon", epsilon, 0, Infinity);
  requireRange("weight decay", weightDecay, 0, Infinity);
  const average = (mean: Value, value: Value, beta: number) =>
    add(mul(mean, beta), mul(value, 1 - beta));
  return {
    kind,
    learningRate,
    slots: 2,
    slotsFollowRate: false,
    scalars: (step, rate) => [
      rate / (1 - beta1 ** step),
      1 / Math.sqrt(1 - beta2 ** step),
      1 - rate * weightDecay,
    ],
    update({ parameter, gradient, slots: [mean, square], scalars: [size, correction, shrink] }) {
      const decayed = kind === "adamW" && weightDecay > 0 ? mul(parameter, shrink!) : parameter;
      const slope = kind === "adam" && weightDecay > 0
        ? add(gradient, mul(parameter, weightDecay))
        : gradient;
      const nextMean = average(mean!, slope, beta1);
      const nextSquare = average(square!, mul(slope, slope), beta2);
      const scale = add(mul(sqrt(nextSquare), correction!), epsilon);
      return {
        parameter: sub(decayed, div(mul(nextMean, size!), scale)),
        slots: [nextMean, nextSquare],
      };
    },
  };
}

/**
 * Adam (Kingma and Ba, 2015), like PyTorch's optim.Adam.
 *
 * @throws FlwrError "invalid-argument" when a number is out of range
 */
export function adam(options: AdamOptions = {}): Optimizer {
  return build("adam", options);
}

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter, 2019), like PyTorch's optim.AdamW.
 *
 * @throws FlwrError "invalid-argument" when a number is out of range
 */
export function adamW(options: AdamOptions = {}): Optimizer {
  return build("adamW", options);
}
