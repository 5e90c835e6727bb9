import type { ExecutorSecret } from "../../auth/executor_secret.ts";
import { type Clock, systemClock } from "../../base/clock.ts";
import { type ErrorCode, FlwrError } from "../../base/error.ts";
import { log } from "../../base/log.ts";
import { type Random, systemRandom } from "../../base/random.ts";
import type { Channel } from "../../rpc/channel.ts";
import { acquireTask } from "../../rpc/dialects/current/client/acquire_task.ts";
import { longPoll } from "../../rpc/dialects/current/client/poll.ts";
import { aborted } from "../../base/aborted.ts";
import type { RunSource, TakenRun } from "../../hosting/launch/run_source.ts";
import { RemoteRun } from "./remote_run.ts";

/** How runs of a SuperLink elsewhere are asked for. */
export interface RemoteRunsOptions {
  readonly channel: Channel;
  /** What a SuperLink with a SuperExec secret wants to see. */
  readonly secret: ExecutorSecret | undefined;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** The tasks of ServerApps, in Flower's words. */
const TASK_TYPES = ["flwr-serverapp"];

/** Refusals after which asking again is of no use. */
const FINAL: ReadonlySet<ErrorCode> = new Set([
  "unauthenticated",
  "permission-denied",
  "unimplemented",
  "not-found",
  "failed-precondition",
  "invalid-argument",
]);

/** The runs that wait at a SuperLink elsewhere, over its Runtime API. */
export class RemoteRuns implements RunSource {
  readonly #channel: Channel;
  readonly #secret: ExecutorSecret | undefined;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #refusal = Promise.withResolvers<FlwrError>();

  constructor(
    { channel, secret, clock = systemClock, random = systemRandom }: RemoteRunsOptions,
  ) {
    this.#channel = channel;
    this.#secret = secret;
    this.#clock = clock;
    this.#random = random;
  }

  /** Resolves when the SuperLink gives this program no runs, and will not. */
  get refused(): Promise<FlwrError> {
    return this.#refusal.promise;
  }

  /** Flower's own SuperLink answers at once: it is polled, ours holds the question. */
  async take(signal: AbortSignal): Promise<TakenRun | undefined> {
    const [secret, clock, random] = [this.#secret, this.#clock, this.#random];
    const ask = () =>
      acquireTask(this.#channel, TASK_TYPES, { ...(secret && { secret }), signal, random });
    while (!signal.aborted) {
      const task = await longPoll({ clock, random }, signal, () => this.#ask(ask, signal));
      if (task !== undefined) {
        log("superexec").info("Starting run {runId}", { event: "run-taken", runId: task.runId });
        return new RemoteRun(this.#channel, task, { clock, random });
      }
    }
    return undefined;
  }

  async #ask<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T | undefined> {
    try {
      return await ask();
    } catch (thrown) {
      const error = FlwrError.from(thrown);
      if (!FINAL.has(error.code)) throw error;
      this.#refusal.resolve(explain(error, this.#channel.address, this.#secret !== undefined));
      await aborted(signal);
      return undefined;
    }
  }
}

function explain(cause: FlwrError, address: string, hasSecret: boolean): FlwrError {
  if (cause.code !== "unauthenticated") return cause;
  return new FlwrError(
    cause.code,
    `"${address}" does not give its runs to this SuperExec: ${cause.message}`,
    {
      hints: [
        "Start the SuperLink with --isolation process",
        hasSecret
          ? "Compare the secret of --superexec-auth-secret-file with the SuperLink's, and the two machines' clocks"
          : "If it has a SuperExec secret, add --superexec-auth-secret-file",
      ],
      cause,
    },
  );
}
