import { MessageErrorCode } from "../../../entities/metadata.ts";
import { type Clock, systemClock } from "../../../base/clock.ts";
import { FlwrError } from "../../../base/error.ts";
import type { AppHost } from "../../../hosting/app/app_host.ts";
import { errorType, SEE_NODE_LOG } from "../../../hosting/app/failure.ts";
import { RunRefused } from "../../../hosting/app/run_refused.ts";
import type { MessageHandler } from "../runs/prepared_run.ts";
import type { WarmApps } from "./warm_apps.ts";

/** Seconds between a message and the start of a spare instance, so that the start does not slow this run's next message. */
export const WARM_AFTER_SECONDS = 1;

/** Seconds for which an unused spare instance is kept. */
export const SPARE_SECONDS = 300;

/**
 * Starts an instance of an app. The app is loaded with the first message.
 *
 * @param trains whether to prepare the instance for training, which takes time
 */
export type MakeInstance = (trains: boolean) => Promise<AppHost>;

/**
 * Pool of instances of one app. Each run gets a fresh instance, so that no module variable of the app outlives its run.
 * While messages arrive, a spare instance is kept ready. The app's own modules are not loaded in it, because their
 * top-level code belongs to a run.
 */
export class AppPool implements Disposable {
  readonly #make: MakeInstance;
  readonly #clock: Clock;
  #spare: Spare | undefined;
  #trains = false;
  /** Cancels the timer that starts a spare. */
  #warmTimer = new AbortController();

  /**
   * @param first an instance that is already loaded, for the first run
   * @param make starts an instance
   * @param firstSeconds seconds for which the first instance is kept if no run uses it
   */
  constructor(
    first: AppHost,
    make: MakeInstance,
    clock: Clock = systemClock,
    firstSeconds = Infinity,
  ) {
    this.#make = make;
    this.#clock = clock;
    this.#keep(Promise.resolve(first), firstSeconds);
  }

  /** Returns an unused instance. The caller disposes of it. */
  async acquire(): Promise<AppHost> {
    const spare = this.#spare;
    this.#spare = undefined;
    spare?.used.abort();
    // The spare may have failed to start; a new instance may still work.
    return await (spare?.host.catch(() => this.#make(false)) ?? this.#make(false));
  }

  /**
   * Starts a spare instance after a short delay without further messages.
   *
   * @param trained whether an instance has trained a model. Later instances are then prepared for training
   */
  warm(trained = false): void {
    this.#trains ||= trained;
    this.#warmTimer.abort();
    const { signal } = this.#warmTimer = new AbortController();
    void this.#clock.sleep(WARM_AFTER_SECONDS, signal).then(() => {
      if (!signal.aborted) this.#makeSpare();
    });
  }

  #makeSpare(): void {
    if (this.#spare === undefined) this.#keep(this.#make(this.#trains), SPARE_SECONDS);
  }

  #keep(host: Promise<AppHost>, seconds: number): void {
    const used = new AbortController();
    const spare = { host, used };
    this.#spare = spare;
    spare.host.catch(() => this.#end(spare));
    if (seconds === Infinity) return;
    void this.#clock.sleep(seconds, used.signal).then(() => {
      if (!used.signal.aborted) this.#end(spare);
    });
  }

  [Symbol.dispose](): void {
    this.#warmTimer.abort();
    if (this.#spare !== undefined) this.#end(this.#spare);
  }

  #end(spare: Spare): void {
    spare.used.abort();
    if (this.#spare === spare) this.#spare = undefined;
    spare.host.then((host) => host[Symbol.dispose](), () => {});
  }
}

interface Spare {
  readonly host: Promise<AppHost>;
  /** Aborted when the instance is used or ended. */
  readonly used: AbortController;
}

/**
 * Creates a handler that passes the messages of each run to an instance of the run's own.
 *
 * @param live the runs' instances, by run id
 */
export function instancePerRun(live: WarmApps<AppHost>, pool: AppPool): MessageHandler {
  return {
    async handle(message, context, signal) {
      const host = await live.get(`${context.runId}`, () => pool.acquire()).catch((error) => {
        const { message: details } = FlwrError.from(error);
        const failure = {
          summary: `The app cannot be started: ${errorType(error)}; ${SEE_NODE_LOG}`,
          details,
        };
        throw new RunRefused(MessageErrorCode.LoadClientApp, details, { cause: error, failure });
      });
      const handled = await host.handle(message, context, signal);
      pool.warm(handled.trained);
      return handled;
    },
  };
}
