import { requireRange } from "./optimizer.ts";

/**
 * A function from the step to the factor of the learning rate.
 *
 * @param step the step's number in its fit, from 1
 * @param steps steps that the fit has
 */
export type Schedule = (step: number, steps: number) => number;

/** Options of schedules that go down to an end. */
export interface DecayOptions {
  /** The factor that it goes down to (default 0). */
  readonly end?: number;
  /** Steps that it takes (default: all of the fit); after them the factor stays. */
  readonly over?: number;
}

function decay(options: DecayOptions, shape: (done: number) => number): Schedule {
  const { end = 0, over } = options;
  requireRange("last factor", end, 0, Infinity);
  requireRange("number of steps", over ?? 1, 1, Infinity);
  return (step, steps) => end + (1 - end) * shape(Math.min(1, (step - 1) / (over ?? steps)));
}

/**
 * Down along half a cosine (Loshchilov and Hutter, 2017), as PyTorch's CosineAnnealingLR stepped after each batch.
 *
 * @throws FlwrError "invalid-argument" when a number is out of range
 */
export function cosineDecay(options: DecayOptions = {}): Schedule {
  return decay(options, (done) => (1 + Math.cos(Math.PI * done)) / 2);
}

/**
 * Down evenly, as PyTorch's LinearLR from 1 to `end`.
 *
 * @throws FlwrError "invalid-argument" when a number is out of range
 */
export function linearDecay(options: DecayOptions = {}): Schedule {
  return decay(options, (done) => 1 - done);
}

/**
 * Multiplied by `factor` after every `every` steps, as PyTorch's StepLR stepped after each batch.
 *
 * @throws FlwrError "invalid-argument" when a number is out of range
 */
export function stepDecay(every: number, factor: number): Schedule {
  requireRange("number of steps", every, 1, Infinity);
  requireRange("factor", factor, 0, Infinity);
  return (step) => factor ** Math.floor((step - 1) / every);
}

/**
 * Rises evenly to 1 in the first `count` steps, the first being 1/count; then another schedule begins, by default none.
 *
 * @throws FlwrError "invalid-argument" when a number is out of range
 */
export function warmUp(count: number, then: Schedule = () => 1): Schedule {
  requireRange("number of warm-up steps", count, 0, Infinity);
  return (step, steps) =>
    step <= count ? step / count : then(step - count, Math.max(1, steps - count));
}
