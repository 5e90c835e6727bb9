import type { Clock } from "../../base/clock.ts";
import type { Progress } from "./fit_options.ts";

/** The size of a fit. */
export interface FitExtent {
  readonly epochs: number;
  /** Number of examples per epoch. */
  readonly examples: number;
  /** Number of steps in all epochs. */
  readonly steps: number;
}

/** Measures a fit: its steps, losses and speed. */
export class FitMeter {
  readonly #clock: Clock;
  readonly #extent: FitExtent;
  #epoch = 0;
  #steps = 0;
  #seen = 0;
  #lossSum = 0;
  #weightSum = 0;
  #trained = 0;
  #since?: number;

  constructor(clock: Clock, extent: FitExtent) {
    this.#clock = clock;
    this.#extent = extent;
  }

  /** Steps and examples so far, in all epochs. */
  get steps(): number {
    return this.#steps;
  }

  get examples(): number {
    return this.#seen;
  }

  /** Mean loss of this epoch's examples so far, by weight. */
  get loss(): number {
    return this.#lossSum / this.#weightSum;
  }

  /** Begins the next epoch and resets its loss. */
  startEpoch(): void {
    this.#epoch++;
    this.#lossSum = 0;
    this.#weightSum = 0;
  }

  /** Runs work with the clock for the speed running: opening models and evaluating between steps does not count. */
  async timed<T>(work: () => Promise<T>): Promise<T> {
    this.#since = this.#clock.now();
    try {
      return await work();
    } finally {
      this.#trained = this.#seconds();
      this.#since = undefined;
    }
  }

  /**
   * Adds the mean loss of a step's batch.
   *
   * @param batch number of examples of the batch
   * @param weight the sum of their weights
   */
  addStep(meanLoss: number, batch: number, weight: number): void {
    this.#steps++;
    this.#seen += batch;
    this.#lossSum += meanLoss * batch;
    this.#weightSum += weight;
  }

  /** The current progress of the fit. */
  progress(): Progress {
    const { epochs, examples, steps } = this.#extent;
    const examplesPerSecond = this.#seen / this.#seconds();
    return {
      epoch: this.#epoch,
      epochs,
      step: this.#steps,
      steps,
      loss: this.loss,
      examplesPerSecond,
      secondsLeft: (examples * epochs - this.#seen) / examplesPerSecond,
    };
  }

  #seconds(): number {
    return this.#trained + (this.#since === undefined ? 0 : this.#clock.now() - this.#since);
  }
}
