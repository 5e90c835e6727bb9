import type { Clock } from "../../base/clock.ts";
import { isFinished } from "../../entities/run.ts";
import type { Link } from "../../link/link.ts";

/** Number of runs to list at a time. */
const PAGE = 200;

/** Detects when a SuperLink has had nothing to do for a while. */
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

  /** Restarts the idle time, because the SuperLink was called. */
  called(): void {
    this.#calledAt = this.#clock.now();
  }

  /** Resolves when the SuperLink has been idle for long enough, or the signal is aborted. */
  async idle(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const remaining = this.#calledAt + this.#seconds - this.#clock.now();
      if (remaining <= 0) {
        const calledAt = this.#calledAt;
        // After a run ends, clients usually call to look at it.
        if (await this.#works()) this.called();
        else if (this.#calledAt === calledAt) return;
        continue;
      }
      await this.#clock.sleep(remaining, signal);
    }
  }

  async #works(): Promise<boolean> {
    for (let skip = 0;; skip += PAGE) {
      const runs = await this.#link.runs.list({ limit: PAGE, skip });
      if (runs.some(({ state }) => !isFinished(state))) return true;
      if (runs.length < PAGE) return false;
    }
  }
}
