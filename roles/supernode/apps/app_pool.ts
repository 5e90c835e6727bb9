import { MessageErrorCode } from "../../../entities/metadata.ts";
import { type Clock, systemClock } from "../../../base/clock.ts";
import { FlwrError } from "../../../base/error.ts";
import type { AppHost } from "../../../hosting/app/app_host.ts";
import { IN_THE_LOG, kindOf } from "../../../hosting/app/failure.ts";
import { RunRefused } from "../../../hosting/app/run_refused.ts";
import type { MessageHandler } from "../runs/prepared_run.ts";
import type { WarmApps } from "./warm_apps.ts";

/** Seconds after a message when an instance is made for the next run: its start must not slow this run's next message. */
export const WARM_AFTER_SECONDS = 1;

/** Seconds that an instance of an app which no run needed is kept ready. */
export const SPARE_SECONDS = 300;

/**
 * Starts an instance of an app, which is loaded with its first message.
 *
 * @param trains whether there is time to make it ready for training, and it is known to train
 */
export type MakeInstance = (trains: boolean) => Promise<AppHost>;

/**
 * Fresh instances of one app: each run gets its own, so that no variable of the app's modules lives on into another run.
 * While runs come one is kept ready, with all loaded but the app's own modules: what those do when they are loaded
 * belongs to a run.
 */
export class AppPool implements Disposable {
  readonly #make: MakeInstance;
  readonly #clock: Clock;
  #first: AppHost | undefined;
  #spare: Spare | undefined;
  #trains = false;
  /** Aborted when there is something to do. */
  #quiet = new AbortController();

  /**
   * @param first an instance that is loaded already, for the first run
   * @param make starts one
   */
  constructor(first: AppHost, make: MakeInstance, clock: Clock = systemClock) {
    this.#first = first;
    this.#make = make;
    this.#clock = clock;
  }

  /** An instance that no run has had. The caller disposes of it. */
  async take(): Promise<AppHost> {
    const first = this.#first;
    this.#first = undefined;
    if (first !== undefined) return first;
    const spare = this.#spare;
    this.#spare = undefined;
    spare?.taken.abort();
    // A spare that could not be made says nothing about the next try.
    return await (spare?.host.catch(() => this.#make(false)) ?? this.#make(false));
  }

  /**
   * Has an instance ready when the node has had nothing to do for a moment, and for a while then.
   *
   * @param trained whether an instance has trained a model: then later ones are made ready for that
   */
  warm(trained = false): void {
    this.#trains ||= trained;
    this.#quiet.abort();
    const { signal } = this.#quiet = new AbortController();
    void this.#clock.sleep(WARM_AFTER_SECONDS, signal).then(() => {
      if (!signal.aborted) this.#makeSpare();
    });
  }

  #makeSpare(): void {
    if (this.#first !== undefined || this.#spare !== undefined) return;
    const taken = new AbortController();
    const spare = { host: this.#make(this.#trains), taken };
    this.#spare = spare;
    spare.host.catch(() => this.#end(spare));
    void this.#clock.sleep(SPARE_SECONDS, taken.signal).then(() => {
      if (!taken.signal.aborted) this.#end(spare);
    });
  }

  [Symbol.dispose](): void {
    this.#quiet.abort();
    this.#first?.[Symbol.dispose]();
    this.#first = undefined;
    if (this.#spare !== undefined) this.#end(this.#spare);
  }

  #end(spare: Spare): void {
    spare.taken.abort();
    if (this.#spare === spare) this.#spare = undefined;
    spare.host.then((host) => host[Symbol.dispose](), () => {});
  }
}

interface Spare {
  readonly host: Promise<AppHost>;
  /** Aborted when it is no spare any more. */
  readonly taken: AbortController;
}

/**
 * Has an app handle messages, those of each run in an instance of its own.
 *
 * @param live the instances that runs have, by the run's id
 */
export function perRun(live: WarmApps<AppHost>, pool: AppPool): MessageHandler {
  return {
    async handle(message, context, signal) {
      const host = await live.get(`${context.runId}`, () => pool.take()).catch((error) => {
        const { message: details } = FlwrError.from(error);
        const failure = {
          told: `The app cannot be started: ${kindOf(error)}; ${IN_THE_LOG}`,
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
