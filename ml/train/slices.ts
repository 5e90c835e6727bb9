/** Intended duration of one call to ONNX Runtime, in seconds: the interval of progress reports and cancellation. */
export const SLICE_SECONDS = 0.03;

/** Most steps in one call, which limits the memory for the steps' results. */
export const MAX_SLICE_STEPS = 2048;

/** Number of calls that are sent to the training thread in advance, so that it never waits for the next. */
export const SLICES_IN_FLIGHT = 2;

/** Determines the number of steps per call, so that a call takes about SLICE_SECONDS. */
export class SliceLength {
  #steps = 1;
  #secondsPerStep = Infinity;

  /** Number of steps of the next call. */
  get steps(): number {
    return this.#steps;
  }

  /**
   * Number of calls that may be pending at once. It is one until the duration of a step is known, or if a single step
   * takes longer than a call should: then at most one step still runs after training is cancelled.
   */
  get inFlight(): number {
    return this.#secondsPerStep > SLICE_SECONDS ? 1 : SLICES_IN_FLIGHT;
  }

  /**
   * Updates the estimate after a call; the next call has at most four times as many steps. The last call of an epoch can
   * be short, and does not shorten the next ones.
   */
  observe(steps: number, seconds: number): void {
    this.#secondsPerStep = seconds / steps;
    const fitting = seconds > 0 ? Math.floor(steps * SLICE_SECONDS / seconds) : MAX_SLICE_STEPS;
    const most = Math.max(steps * 4, this.#steps);
    this.#steps = Math.max(1, Math.min(fitting, most, MAX_SLICE_STEPS));
  }
}
