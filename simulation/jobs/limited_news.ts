import type { Clock } from "../../base/clock.ts";

/** Most sentences in a row, and seconds after which there may be one more. Workers may come and go without end. */
const BURST = 50;
const SECONDS_EACH = 5;

/** Passes sentences on, so few in the long run that nobody can fill a log with them. The others are counted. */
export class LimitedNews {
  readonly #clock: Clock;
  readonly #tell: (sentence: string) => void;
  #left = BURST;
  #since: number;
  #untold = 0;

  constructor(clock: Clock, tell: (sentence: string) => void) {
    this.#clock = clock;
    this.#tell = tell;
    this.#since = clock.now();
  }

  tell(sentence: string): void {
    const now = this.#clock.now();
    this.#left = Math.min(BURST, this.#left + (now - this.#since) / SECONDS_EACH);
    this.#since = now;
    if (this.#left < 1) {
      this.#untold += 1;
      return;
    }
    this.#left -= 1;
    const more = this.#untold === 0 ? "" : ` (${this.#untold} sentences like this were left out)`;
    this.#untold = 0;
    this.#tell(`${sentence}${more}`);
  }
}
