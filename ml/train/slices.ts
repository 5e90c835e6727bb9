/** Seconds that one call into ONNX Runtime should take: progress comes and cancelling works this often. */
export const SLICE_SECONDS = 0.03;

/** Most steps in one call, which bounds the memory for what the steps yield. */
export const MAX_SLICE_STEPS = 2048;

/** Calls that are handed to the training thread ahead of time, so that it never waits for the next. */
export const SLICES_IN_FLIGHT = 2;

/** Chooses how many steps go into one call, so that a call takes about SLICE_SECONDS. */
export class SliceLength {
  #steps = 1;
  #secondsPerStep = Infinity;

  /** How many steps the next call takes. */
  get steps(): number {
    return this.#steps;
  }

  /**
   * How many calls may be under way at once: one while it is not known how long a step takes, or when a single one takes
   * longer than a call should, so that at most that one goes on when training is cancelled.
   */
  get inFlight(): number {
    return this.#secondsPerStep > SLICE_SECONDS ? 1 : SLICES_IN_FLIGHT;
  }

  /** Learns from a call that was made; at most four times as many steps as in it come next. */
  observe(steps: number, seconds: number): void {
    this.#secondsPerStep = seconds / steps;
    const fitting = seconds > 0 ? Math.floor(steps * SLICE_SECONDS / seconds) : MAX_SLICE_STEPS;
    this.#steps = Math.max(1, Math.min(fitting, steps * 4, MAX_SLICE_STEPS));
  }
}
