import { type Clock, systemClock } from "../../../base/clock.ts";
import { ServerAppProcess, type ServerAppProcessOptions } from "./app_process.ts";

/** Seconds for which an unused process is kept ready. */
const SPARE_SECONDS = 300;

/** Options of a {@link ProcessPool}. */
export interface ProcessPoolOptions extends ServerAppProcessOptions {
  readonly clock?: Clock;
}

/**
 * Pool of processes for ServerApps: keeps one ready after each run, and when an app is announced, so that the next run
 * starts within milliseconds. An unused process is ended after a while, because it takes memory.
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

  /** Starts a spare process, unless there is one. */
  warm(): void {
    if (this.#spare !== undefined || this.#closing.signal.aborted) return;
    const used = new AbortController();
    const process = ServerAppProcess.start(this.#options);
    const spare = { process, used, expired: this.#expire(process, used.signal) };
    // `acquire` starts another in its place.
    process.catch(() => {});
    this.#spare = spare;
  }

  /** Returns the spare process, or starts one. The caller disposes of it. */
  async acquire(): Promise<ServerAppProcess> {
    const spare = this.#spare;
    if (spare === undefined) return await ServerAppProcess.start(this.#options);
    this.#spare = undefined;
    spare.used.abort();
    // The spare may have failed to start or have been killed while it waited; a new one may still work.
    const process = await spare.process.catch(() => undefined);
    if (process?.crashed === false) return process;
    await process?.[Symbol.asyncDispose]();
    return await ServerAppProcess.start(this.#options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    const spare = this.#spare;
    this.#spare = undefined;
    if (spare === undefined) return;
    spare.used.abort();
    await spare.expired;
    await (await spare.process.catch(() => undefined))?.[Symbol.asyncDispose]();
  }

  /** Ends the spare process if it stays unused. */
  async #expire(process: Promise<ServerAppProcess>, used: AbortSignal): Promise<void> {
    await this.#clock.sleep(SPARE_SECONDS, used);
    if (used.aborted) return;
    this.#spare = undefined;
    await (await process.catch(() => undefined))?.[Symbol.asyncDispose]();
  }
}

interface Spare {
  readonly process: Promise<ServerAppProcess>;
  /** Aborted when the process is used or ended. */
  readonly used: AbortController;
  /** Resolves when no timer for the process is left. */
  readonly expired: Promise<void>;
}
