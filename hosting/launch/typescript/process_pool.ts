import { type Clock, systemClock } from "../../../base/clock.ts";
import { AppProcess, type AppProcessOptions } from "./app_process.ts";

/** Seconds that a process which no app needed is kept ready. */
const SPARE_SECONDS = 300;

/** How a pool of processes is made. */
export interface ProcessPoolOptions extends AppProcessOptions {
  readonly clock?: Clock;
}

/**
 * Keeps a process ready while apps come, or when one is announced: a run that finds one starts within milliseconds. At
 * other times there is none, because each takes memory.
 */
export class ProcessPool implements AsyncDisposable {
  readonly #options: ProcessPoolOptions;
  readonly #clock: Clock;
  readonly #closing = new AbortController();
  #spare: Spare | undefined;

  constructor(options: ProcessPoolOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Has a process ready soon. */
  warm(): void {
    if (this.#spare !== undefined || this.#closing.signal.aborted) return;
    const taken = new AbortController();
    const process = AppProcess.start(this.#options);
    const spare = { process, taken, expired: this.#expire(process, taken.signal) };
    // Who takes it gets another.
    process.catch(() => {});
    this.#spare = spare;
  }

  /** A process, the spare one if there is one. The caller disposes of it. */
  async take(): Promise<AppProcess> {
    const spare = this.#spare;
    if (spare === undefined) return await AppProcess.start(this.#options);
    this.#spare = undefined;
    spare.taken.abort();
    // A spare that could not be started, or ended while it waited, says nothing about the next try.
    const process = await spare.process.catch(() => undefined);
    if (process?.crashed === false) return process;
    await process?.[Symbol.asyncDispose]();
    return await AppProcess.start(this.#options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    const spare = this.#spare;
    this.#spare = undefined;
    if (spare === undefined) return;
    spare.taken.abort();
    await spare.expired;
    await (await spare.process.catch(() => undefined))?.[Symbol.asyncDispose]();
  }

  /** Lets a spare go that nobody has taken. */
  async #expire(process: Promise<AppProcess>, taken: AbortSignal): Promise<void> {
    await this.#clock.sleep(SPARE_SECONDS, taken);
    if (taken.aborted) return;
    this.#spare = undefined;
    await (await process.catch(() => undefined))?.[Symbol.asyncDispose]();
  }
}

interface Spare {
  readonly process: Promise<AppProcess>;
  /** Aborted when it is no spare any more. */
  readonly taken: AbortController;
  /** Resolves when the wait for its expiry is over. */
  readonly expired: Promise<void>;
}
