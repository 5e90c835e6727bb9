import { requireRange } from "./optimizer.ts";

/**
 * What the learning rate is multiplied by in a step.
 *
 * @param step the step's number in its fit, from 1
 * @param steps steps that the fit has
 */
export type Schedule = (step: number, steps: number) => number;

/** Options of schedules that go down to an end. */
export interface DecayOptions {
  /** Steps at the start in which the factor rises evenly to 1 (default 0). */
  readonly warmup?: number;
  /** The factor in the last step (default 0). */
  readonly end?: number;
}

function decay(options: DecayOptions, shape: (done: number) => number): Schedule {
  const { warmup = 0, end = 0 } = options;
  requireRange("number of warm-up steps", warmup, 0, Infinity);
  requireRange("last factor", end, 0, Infinity);
  return (step, steps) => {
    if (step <= warmup) return step / warmup;
    const done = (step - warmup) / Math.max(1, steps - warmup);
    return end + (1 - end) * shape(Math.min(1, done));
  };
}

/** Down along half a cosine (Loshchilov and Hutter, 2017). */
export function cosineDecay(options: DecayOptions = {}): Schedule {
  return decay(options, (done) => (1 + Math.cos(Math.PI * done)) / 2);
}

/** Down evenly. */
export function linearDecay(options: DecayOptions = {}): Schedule {
  return decay(options, (done) => 1 - done);
}

/**
 * Multiplied by `factor` after every `every` steps.
 *
 * @throws FlwrError "invalid-argument" when a number is out of range
 */
export function stepDecay(every: number, factor: number): Schedule {
  requireRange("number of steps", every, 1, Infinity);
  requireRange("factor", factor, 0, Infinity);
  return (step) => factor ** Math.floor((step - 1) / every);
}
