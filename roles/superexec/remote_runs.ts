import type { ExecutorSecret } from "../../auth/executor_secret.ts";
import { type Clock, systemClock } from "../../base/clock.ts";
import { type ErrorCode, FlwrError } from "../../base/error.ts";
import { log } from "../../base/log.ts";
import { type Random, systemRandom } from "../../base/random.ts";
import type { Channel } from "../../rpc/channel.ts";
import { acquireTask } from "../../rpc/dialects/current/client/acquire_task.ts";
import { longPoll } from "../../rpc/dialects/current/client/poll.ts";
import { aborted } from "../../base/aborted.ts";
import type { RunClaim, RunSource } from "../../hosting/launch/run_source.ts";
import { RemoteRun } from "./remote_run.ts";

/** Options of {@link RemoteRuns}. */
export interface RemoteRunsOptions {
  readonly channel: Channel;
  /** Proves that this SuperExec may claim runs. Undefined: the SuperLink needs no secret. */
  readonly secret: ExecutorSecret | undefined;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** Flower's task types for ServerApps. */
const TASK_TYPES = ["flwr-serverapp"];

/** Error codes after which a retry cannot succeed. */
const FINAL: ReadonlySet<ErrorCode> = new Set([
  "unauthenticated",
  "permission-denied",
  "unimplemented",
  "not-found",
  "failed-precondition",
  "invalid-argument",
]);

/** Pending runs of a remote SuperLink, over its Runtime API. */
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

  /** Resolves when the SuperLink finally refuses to give runs to this program. */
  get refused(): Promise<FlwrError> {
    return this.#refusal.promise;
  }

  /** Claims the next run. Flower's own SuperLink answers at once and is polled; ours holds the call until a run comes. */
  async claim(signal: AbortSignal): Promise<RunClaim | undefined> {
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
    `The SuperLink at "${address}" refuses this SuperExec: ${cause.message}`,
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
