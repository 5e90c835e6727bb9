import { add, div, mul, sqrt, sub } from "../graph/elementwise.ts";
import { type Optimizer, requireLearningRate, requireRange } from "./optimizer.ts";

/** Options of {@link rmsprop}. */
export interface RmspropOptions {
  /** Step size (default 0.01). */
  readonly learningRate?: number;
  /** Decay rate of the running mean of squared gradients, from 0 to below 1 (default 0.99). */
  readonly alpha?: number;
  /** Added to the root of the mean square (default 1e-8). */
  readonly epsilon?: number;
  /** Share of the previous step that is added to each step, from 0 to below 1 (default 0). */
  readonly momentum?: number;
  /** L2 penalty in the gradient (default 0). */
  readonly weightDecay?: number;
}

/**
 * RMSprop (Tieleman and Hinton, 2012), like PyTorch's optim.RMSprop.
 *
 * @throws FlwrError "invalid-argument" when a number is out of range
 */
export function rmsprop(options: RmspropOptions = {}): Optimizer {
  const { learningRate = 0.01, alpha = 0.99, epsilon = 1e-8, momentum = 0, weightDecay = 0 } =
    options;
  requireLearningRate(learningRate);
  requireRange("alpha", alpha, 0, 1);
  requireRange("epsilon", epsilon, 0, Infinity);
  requireRange("momentum", momentum, 0, 1);
  requireRange("weight decay", weightDecay, 0, Infinity);
  return {
    kind: "rmsprop",
    learningRate,
    slots: momentum > 0 ? 2 : 1,
    slotsFollowRate: false,
    scalars: (_, rate) => [rate],
    update({ parameter, gradient, slots: [square, buffer], scalars: [rate] }) {
      const slope = weightDecay > 0 ? add(gradient, mul(parameter, weightDecay)) : gradient;
      const nextSquare = add(mul(square!, alpha), mul(mul(slope, slope), 1 - alpha));
      const scaled = div(slope, add(sqrt(nextSquare), epsilon));
      if (buffer === undefined) {
        return { parameter: sub(parameter, mul(scaled, rate!)), slots: [nextSquare] };
      }
      const nextBuffer = add(mul(buffer, momentum), scaled);
      return {
        parameter: sub(parameter, mul(nextBuffer, rate!)),
        slots: [nextSquare, nextBuffer],
      };
    },
  };
}
