import { MAX_SLICE_STEPS, SLICE_SECONDS } from "./limits.ts";

/** Chooses how many steps go into one call, so that a call takes about SLICE_SECONDS. */
export class SliceLength {
  #steps = 1;

  /** How many steps the next call takes. */
  get steps(): number {
    return this.#steps;
  }

  /** Learns from a call that was made; at most four times as many steps as in it come next. */
  observe(steps: number, seconds: number): void {
    const fitting = seconds > 0 ? Math.floor(steps * SLICE_SECONDS / seconds) : MAX_SLICE_STEPS;
    this.#steps = Math.max(1, Math.min(fitting, steps * 4, MAX_SLICE_STEPS));
  }
}
