import { FlwrError } from "../../base/error.ts";
import { requireRange } from "../nn/optimizer.ts";
import type { Evaluation } from "./fit_options.ts";

/** The rule for ending a fit whose validation result no longer improves. It is checked after each epoch. */
export interface EarlyStop {
  /** Number of epochs without improvement after which the fit ends, at least 1. */
  readonly patience: number;
  /** The result to compare: a lower loss or a higher accuracy is better (default "loss"). */
  readonly monitor?: "loss" | "accuracy";
  /** Smallest difference from the best epoch that counts as an improvement, at least 0 (default 0: any difference). */
  readonly minDelta?: number;
}

/**
 * Checks the numbers of an early stop.
 *
 * @throws FlwrError "invalid-argument" when a number is out of range
 */
export function checkEarlyStop({ patience, minDelta = 0 }: EarlyStop): void {
  if (!Number.isSafeInteger(patience) || patience < 1) {
    throw new FlwrError(
      "invalid-argument",
      `The patience of an early stop must be a positive integer: got ${patience}`,
    );
  }
  requireRange("least improvement of an early stop", minDelta, 0, Infinity);
}

/** Tracks the best epoch. */
export class BestEpoch {
  readonly #rule: EarlyStop;
  #best = Infinity;
  #epoch = 0;
  #last = 0;

  constructor(rule: EarlyStop) {
    this.#rule = rule;
  }

  /** The best epoch so far, from 1; 0 before the first one was observed. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Whether the fit should end because the best epoch is `patience` epochs ago. */
  get isPast(): boolean {
    return this.#last - this.#epoch >= this.#rule.patience;
  }

  /**
   * Compares the result of an epoch with the best one; the first epoch is always the best.
   *
   * @returns whether it is the best epoch so far
   * @throws FlwrError "invalid-argument" when accuracy is compared and the loss does not define correctness
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
