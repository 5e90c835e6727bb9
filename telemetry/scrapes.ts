import { type Clock, systemClock } from "../base/clock.ts";
import { type ExpositionFormat, writeExposition } from "./exposition.ts";
import type { Metric } from "./metric.ts";

/** Shortest time between two collections, in seconds. */
const LEAST_SECONDS = 1;

/** A collection that took long is kept for this many times as long, so that scrapes take at most 2 % of the time. */
const REST = 49;

/** Options of {@link Scrapes}. */
export interface ScrapesOptions {
  readonly metrics: readonly Metric[];
  /** Reads what the metrics need before they are collected. Must not throw. Default: nothing. */
  readonly prepare?: () => Promise<void>;
  /** Default: the machine's clock. */
  readonly clock?: Clock;
  /** Milliseconds of a clock that only runs forward; default `performance.now()`. */
  readonly elapsed?: () => number;
}

/**
 * Answers scrapes. However many arrive, the metrics are collected at most once a second, and less often if that takes
 * long: scrapes in between get the same text.
 */
export class Scrapes {
  readonly #options: ScrapesOptions;
  readonly #clock: Clock;
  readonly #elapsed: () => number;
  readonly #texts = new Map<ExpositionFormat, string>();
  #preparing: Promise<void> | undefined;
  #validUntil = -Infinity;

  constructor(options: ScrapesOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#elapsed = options.elapsed ?? (() => performance.now());
  }

  /** The metrics as text. */
  async text(format: ExpositionFormat): Promise<string> {
    if (this.#preparing === undefined && this.#isOver()) {
      this.#preparing = this.#collect().finally(() => this.#preparing = undefined);
    }
    await this.#preparing;
    let text = this.#texts.get(format);
    if (text === undefined) {
      text = writeExposition(this.#options.metrics, format);
      this.#texts.set(format, text);
    }
    return text;
  }

  #isOver(): boolean {
    const now = this.#clock.now();
    // A clock that was set back would keep the text for that long.
    return now >= this.#validUntil || now < this.#validUntil - 3600;
  }

  async #collect(): Promise<void> {
    const begun = this.#elapsed();
    await this.#options.prepare?.();
    this.#texts.clear();
    const seconds = (this.#elapsed() - begun) / 1000;
    this.#validUntil = this.#clock.now() + Math.max(LEAST_SECONDS, REST * seconds);
  }
}
