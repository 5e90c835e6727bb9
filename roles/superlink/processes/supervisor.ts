import type { Clock } from "../../../base/clock.ts";
import { FlwrError } from "../../../base/error.ts";

/** Pause before a process that ended starts again, in seconds: the first, and the longest. Each doubles. */
const FIRST_PAUSE = 1;
const LONGEST_PAUSE = 30;
/** A process that ran for this many seconds counts as one that did not fail at its start. */
const STEADY_SECONDS = 60;
/** Number of times in a row that one process may end so early. */
const MAX_EARLY_ENDS = 8;

/** A process that a {@link Supervisor} has started. */
export interface SupervisedProcess {
  readonly pid: number;
  /** Resolves when it serves. Never rejects. */
  readonly ready: Promise<void>;
  /** Resolves with how it ended, such as "exit status 1" or "SIGKILL". Never rejects. */
  readonly ended: Promise<string>;
  /** Sends a signal, also after its end. */
  signal(signal: Deno.Signal): void;
}

/** An event of the processes. */
export type ProcessEvent =
  | { readonly kind: "process-started"; readonly number: number; readonly pid: number }
  /** `pauseSeconds`: time until it starts again. */
  | {
    readonly kind: "process-ended";
    readonly number: number;
    readonly end: string;
    readonly pauseSeconds: number;
  };

/** Options of a {@link Supervisor}. */
export interface SupervisorOptions {
  readonly count: number;
  /** Starts a process. @param number from 1 */
  readonly start: (number: number) => SupervisedProcess;
  readonly clock: Clock;
  /** Called when all processes serve for the first time. */
  readonly onReady: () => void;
  readonly onEvent: (event: ProcessEvent) => void;
}

/** Keeps several processes running: each that ends starts again after a pause. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #running = new Map<number, SupervisedProcess>();
  readonly #serving = new Set<SupervisedProcess>();
  /** Numbers of the processes that have served once. */
  readonly #served = new Set<number>();

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Sends a signal to all processes. */
  signal(signal: Deno.Signal): void {
    for (const process of this.#running.values()) process.signal(signal);
  }

  /** Lets all processes that serve read their files again. One that starts reads them at its start. */
  reload(): void {
    for (const process of this.#serving) process.signal("SIGHUP");
  }

  /**
   * Runs the processes until the signal is aborted, then ends them with SIGTERM and waits for them.
   *
   * @throws FlwrError "failed-precondition" if one ends before it has served once, which has then said why; "unavailable"
   *   if one ends again and again. The others have ended then, too
   */
  async run(stop: AbortSignal): Promise<void> {
    const failed = new AbortController();
    const ending = AbortSignal.any([stop, failed.signal]);
    ending.addEventListener("abort", () => this.signal("SIGTERM"), { once: true });
    const numbers = Array.from({ length: this.#options.count }, (_, place) => place + 1);
    const results = await Promise.allSettled(numbers.map(async (number) => {
      try {
        await this.#keep(number, ending);
      } catch (error) {
        failed.abort();
        throw error;
      }
    }));
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }

  /** Runs one process, again and again. */
  async #keep(number: number, ending: AbortSignal): Promise<void> {
    const { start, clock, onEvent } = this.#options;
    for (let earlyEnds = 0; !ending.aborted;) {
      const began = clock.now();
      const process = start(number);
      this.#running.set(number, process);
      onEvent({ kind: "process-started", number, pid: process.pid });
      void process.ready.then(() => {
        // Its end can be known before it is known that it served.
        if (this.#running.get(number) === process) this.#serving.add(process);
        this.#serves(number);
      });
      const end = await process.ended;
      this.#serving.delete(process);
      this.#running.delete(number);
      if (ending.aborted) return;
      if (!this.#served.has(number)) {
        throw new FlwrError("failed-precondition", `Process ${number} did not start: ${end}`, {
          hints: ["Its error is above"],
        });
      }
      earlyEnds = clock.now() - began < STEADY_SECONDS ? earlyEnds + 1 : 0;
      if (earlyEnds === MAX_EARLY_ENDS) {
        throw new FlwrError(
          "unavailable",
          `Process ${number} ended ${earlyEnds} times, each time within ${STEADY_SECONDS} s: ${end}`,
          { hints: ["Its last log lines say why"] },
        );
      }
      const pauseSeconds = Math.min(FIRST_PAUSE * 2 ** Math.max(earlyEnds - 1, 0), LONGEST_PAUSE);
      onEvent({ kind: "process-ended", number, end, pauseSeconds });
      await clock.sleep(pauseSeconds, ending);
    }
  }

  #serves(number: number): void {
    const before = this.#served.size;
    this.#served.add(number);
    if (before < this.#options.count && this.#served.size === this.#options.count) {
      this.#options.onReady();
    }
  }
}
