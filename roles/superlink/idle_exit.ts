import type { Clock } from "../../base/clock.ts";
import { isFinished } from "../../entities/run.ts";
import type { Link } from "../../link/link.ts";

/** Runs that are looked at to find one in progress: more than can run at the same time, the newest first. */
const RUNS_CHECKED = 200;

/** Finds out when a SuperLink has had nothing to do for a while. */
export class IdleExit {
  readonly #seconds: number;
  readonly #clock: Clock;
  readonly #link: { readonly runs: Pick<Link["runs"], "list"> };
  #calledAt: number;

  /** @param seconds without a call or a run in progress */
  constructor(seconds: number, clock: Clock, link: { readonly runs: Pick<Link["runs"], "list"> }) {
    this.#seconds = seconds;
    this.#clock = clock;
    this.#link = link;
    this.#calledAt = clock.now();
  }

  /** Something called the SuperLink: the time counts from now. */
  called(): void {
    this.#calledAt = this.#clock.now();
  }

  /** Resolves when the SuperLink has been idle for long enough, or the signal is aborted. */
  async idle(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const remaining = this.#calledAt + this.#seconds - this.#clock.now();
      if (remaining <= 0) {
        if (!await this.#works()) return;
        // A run that ends is followed by the calls of those who look at it.
        this.called();
        continue;
      }
      await this.#clock.sleep(remaining, signal);
    }
  }

  async #works(): Promise<boolean> {
    const runs = await this.#link.runs.list({ limit: RUNS_CHECKED, skip: 0 });
    return runs.some(({ state }) => !isFinished(state));
  }
}
