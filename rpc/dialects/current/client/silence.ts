import { type Clock, WOKEN } from "../../../../base/clock.ts";

/** Ends a stream on which nothing arrives for a while. */
export class Silence {
  readonly #clock: Clock;
  readonly #seconds: number;
  readonly #tooLong = new AbortController();
  #timer = new AbortController();

  /** @param seconds longest time without a message, from now on */
  constructor(clock: Clock, seconds: number) {
    this.#clock = clock;
    this.#seconds = seconds;
    void this.#wait();
  }

  /** Aborted when it has been silent for too long. */
  get signal(): AbortSignal {
    return this.#tooLong.signal;
  }

  /** A message has arrived. */
  interrupt(): void {
    this.#timer.abort(WOKEN);
    this.#timer = new AbortController();
    void this.#wait();
  }

  /** Stops waiting. */
  end(): void {
    this.#timer.abort(WOKEN);
  }

  async #wait(): Promise<void> {
    const { signal } = this.#timer;
    await this.#clock.sleep(this.#seconds, signal);
    if (!signal.aborted) this.#tooLong.abort();
  }
}
