import { FlwrError } from "../../base/error.ts";
import { requireRange } from "../nn/optimizer.ts";
import type { Evaluation } from "./fit_options.ts";

/** When to stop a fit whose validation result no longer improves. Checked after each epoch. */
export interface EarlyStop {
  /** Epochs without a better one after which the fit ends, at least 1. */
  readonly patience: number;
  /** What is judged: less loss or more accuracy is better (default "loss"). */
  readonly monitor?: "loss" | "accuracy";
  /** By how much an epoch must be better than the best (default 0: by anything). */
  readonly minDelta?: number;
}

/** @throws FlwrError "invalid-argument" when a number is out of range */
export function checkEarlyStop({ patience, minDelta = 0 }: EarlyStop): void {
  if (!Number.isSafeInteger(patience) || patience < 1) {
    throw new FlwrError(
      "invalid-argument",
      `The patience of an early stop must be a positive integer: got ${patience}`,
    );
  }
  requireRange("least improvement of an early stop", minDelta, 0, Infinity);
}

/** Remembers which epoch was the best. */
export class BestEpoch {
  readonly #rule: EarlyStop;
  #best = Infinity;
  #epoch = 0;
  #last = 0;

  constructor(rule: EarlyStop) {
    this.#rule = rule;
  }

  /** The best epoch so far, from 1; 0 before the first was observed. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Whether so many epochs came after the best that the fit should end. */
  get isPast(): boolean {
    return this.#last - this.#epoch >= this.#rule.patience;
  }

  /**
   * Takes what an epoch came to; the first is better than none.
   *
   * @returns whether it is the best so far
   * @throws FlwrError "invalid-argument" when accuracy is judged and the loss has no notion of it
   */
  observe(epoch: number, { loss, accuracy }: Evaluation): boolean {
    const { monitor = "loss", minDelta = 0 } = this.#rule;
    if (monitor === "accuracy" && Number.isNaN(accuracy)) {
      throw new FlwrError(
        "invalid-argument",
        'An early stop cannot judge "accuracy": the loss has no notion of right answers',
        { hints: ['Judge "loss"'] },
      );
    }
    const cost = monitor === "loss" ? loss : -accuracy;
    this.#last = epoch;
    const isBest = this.#epoch === 0 || cost < this.#best - minDelta ||
      (Number.isNaN(this.#best) && !Number.isNaN(cost));
    if (isBest) {
      this.#best = cost;
      this.#epoch = epoch;
    }
    return isBest;
  }
}
