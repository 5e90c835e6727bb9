import { type Clock, systemClock } from "../../../base/clock.ts";
import { AppWorker } from "./app_worker.ts";
import { SPARE_SECONDS } from "./limits.ts";

/** How a pool of workers is made. */
export interface WorkerPoolOptions {
  /** Absolute paths of folders that every app may read. */
  readonly allowRead: readonly string[];
  readonly clock?: Clock;
}

/**
 * Keeps a worker ready while apps come: a run that finds one starts within milliseconds. A SuperLink to which nothing
 * is submitted has none, for each costs some 30 MB.
 */
export class WorkerPool implements AsyncDisposable {
  readonly #options: WorkerPoolOptions;
  readonly #clock: Clock;
  readonly #closing = new AbortController();
  #spare: Spare | undefined;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Has a worker ready soon. */
  warm(): void {
    if (this.#spare !== undefined || this.#closing.signal.aborted) return;
    const taken = new AbortController();
    const worker = AppWorker.start(this.#options.allowRead);
    const spare = { worker, taken, expired: this.#expire(worker, taken.signal) };
    // Whoever takes it is told.
    worker.catch(() => {});
    this.#spare = spare;
  }

  /** A worker, the spare one if there is one. The caller disposes of it. */
  async take(): Promise<AppWorker> {
    const spare = this.#spare;
    if (spare === undefined) return await AppWorker.start(this.#options.allowRead);
    this.#spare = undefined;
    spare.taken.abort();
    return await spare.worker;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    const spare = this.#spare;
    this.#spare = undefined;
    if (spare === undefined) return;
    spare.taken.abort();
    await spare.expired;
    await (await spare.worker.catch(() => undefined))?.[Symbol.asyncDispose]();
  }

  /** Lets a spare go that nobody has taken. */
  async #expire(worker: Promise<AppWorker>, taken: AbortSignal): Promise<void> {
    await this.#clock.sleep(SPARE_SECONDS, taken);
    if (taken.aborted) return;
    this.#spare = undefined;
    await (await worker.catch(() => undefined))?.[Symbol.asyncDispose]();
  }
}

interface Spare {
  readonly worker: Promise<AppWorker>;
  /** Aborted when it is no spare any more. */
  readonly taken: AbortController;
  /** Resolves when the wait for its expiry is over. */
  readonly expired: Promise<void>;
}
