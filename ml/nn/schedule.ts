import { requireRange } from "./optimizer.ts";

/**
 * A function from the step to a factor of the learning rate.
 *
 * @param step number of the step in its fit, from 1
 * @param steps number of steps of the fit
 */
export type Schedule = (step: number, steps: number) => number;

/** Options of schedules that decrease to an end value. */
export interface DecayOptions {
  /** The final factor (default 0). */
  readonly end?: number;
  /** Number of steps of the decrease (default: all of the fit); afterwards the factor stays constant. */
  readonly over?: number;
}

function decay(options: DecayOptions, shape: (done: number) => number): Schedule {
  const { end = 0, over } = options;
  requireRange("last factor", end, 0, Infinity);
  requireRange("number of steps", over ?? 1, 1, Infinity);
  return (step, steps) => end + (1 - end) * shape(Math.min(1, (step - 1) / (over ?? steps)));
}

/**
 * Decreases along half a cosine (Loshchilov and Hutter, 2017), like PyTorch's CosineAnnealingLR stepped after each
 * batch.
 *
 * @throws FlwrError "invalid-argument" when a number is out of range
 */
export function cosineDecay(options: DecayOptions = {}): Schedule {
  return decay(options, (done) => (1 + Math.cos(Math.PI * done)) / 2);
}

/**
 * Decreases linearly, like PyTorch's LinearLR from 1 to `end`.
 *
 * @throws FlwrError "invalid-argument" when a number is out of range
 */
export function linearDecay(options: DecayOptions = {}): Schedule {
  return decay(options, (done) => 1 - done);
}

/**
 * Multiplies the rate by `factor` after each `every` steps, like PyTorch's StepLR stepped after each batch.
 *
 * @throws FlwrError "invalid-argument" when a number is out of range
 */
export function stepDecay(every: number, factor: number): Schedule {
  requireRange("number of steps", every, 1, Infinity);
  requireRange("factor", factor, 0, Infinity);
  return (step) => factor ** Math.floor((step - 1) / every);
}

/**
 * Rises linearly to 1 in the first `count` steps, starting at 1/count; then another schedule begins (default: constant
 * 1).
 *
 * @throws FlwrError "invalid-argument" when a number is out of range
 */
export function warmUp(count: number, then: Schedule = () => 1): Schedule {
  requireRange("number of warm-up steps", count, 0, Infinity);
  return (step, steps) =>
    step <= count ? step / count : then(step - count, Math.max(1, steps - count));
}
