import { type Clock, systemClock } from "../../../base/clock.ts";
import { ServerAppProcess, type ServerAppProcessOptions } from "./server_app_process.ts";

/** Seconds that a process is kept ready after a run: the next one may follow. */
export const SPARE_SECONDS = 300;

/**
 * Seconds that a process is kept ready for an app that was announced: the app comes when its types are checked. Some
 * never come, because their types are wrong or whoever checked them went away.
 */
export const ANNOUNCED_SECONDS = 60;

/** How a pool of processes is made. */
export interface ProcessPoolOptions extends ServerAppProcessOptions {
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
  /** Resolves when the spares that were let go have ended. */
  #ended: Promise<unknown> = Promise.resolve();

  constructor(options: ProcessPoolOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Has a process ready soon, and for {@link SPARE_SECONDS}: an app has run. */
  warm(): void {
    this.#keep(SPARE_SECONDS);
  }

  /**
   * Ends a process whose app has run, and then has another one ready. The caller need not wait, because it has a run's
   * end to report. Closing the pool waits for it.
   */
  release(process: ServerAppProcess): void {
    const ending = process[Symbol.asyncDispose]().then(() => this.warm());
    this.#ended = Promise.all([this.#ended, ending]);
  }

  /** The same for {@link ANNOUNCED_SECONDS}: an app may come soon. One that is kept for longer anyway stays so. */
  expect(): void {
    this.#keep(ANNOUNCED_SECONDS);
  }

  /** A process, the spare one if there is one. The caller disposes of it, or releases it. */
  async acquire(): Promise<ServerAppProcess> {
    const spare = this.#spare;
    if (spare === undefined) return await ServerAppProcess.start(this.#options);
    this.#spare = undefined;
    spare.kept.abort();
    // A spare that could not be started, or ended while it waited, says nothing about the next try.
    const process = await spare.process.catch(() => undefined);
    if (process?.crashed === false) return process;
    await process?.[Symbol.asyncDispose]();
    return await ServerAppProcess.start(this.#options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    if (this.#spare !== undefined) this.#letGo(this.#spare);
    await this.#ended;
  }

  #keep(seconds: number): void {
    if (this.#closing.signal.aborted) return;
    let spare = this.#spare;
    if (spare === undefined) {
      const process = ServerAppProcess.start(this.#options);
      // Who takes it gets another.
      process.catch(() => {});
      spare = this.#spare = { process, seconds, kept: new AbortController() };
    } else if (seconds >= spare.seconds) {
      spare.kept.abort();
      spare.kept = new AbortController();
      spare.seconds = seconds;
    } else return;
    const { signal } = spare.kept;
    void this.#clock.sleep(seconds, signal).then(() => {
      if (!signal.aborted) this.#letGo(spare);
    });
  }

  #letGo({ process, kept }: Spare): void {
    this.#spare = undefined;
    kept.abort();
    const ending = process.then((started) => started[Symbol.asyncDispose](), () => {});
    this.#ended = Promise.all([this.#ended, ending]);
  }
}

interface Spare {
  readonly process: Promise<ServerAppProcess>;
  /** Seconds that it is kept from the last time on when it was asked for. */
  seconds: number;
  /** Aborted when it is kept anew, or is no spare any more. */
  kept: AbortController;
}
