import { type Clock, systemClock } from "../../../base/clock.ts";
import { FlwrError } from "../../../base/error.ts";
import { log } from "../../../base/log.ts";
import type { Language } from "../../../fab/component.ts";
import type { CheckedFab } from "../../../fab/fab.ts";
import type { ClaimedRun } from "../../../link/link.ts";
import { CLAIM_HOLD_SECONDS, CLAIM_RETRY_SECONDS, HEARTBEAT_SECONDS } from "./limits.ts";
import { errorLines, type LaunchLink, type RunEnd, type RunProgram } from "./program.ts";

const logger = log("superlink");

/** What a launcher is made of. */
export interface LauncherOptions {
  readonly link: LaunchLink;
  /** Checks a bundle. @throws FlwrError */
  readonly readFab: (content: Uint8Array) => CheckedFab;
  /** By the language that an app is written in. */
  readonly programs: Readonly<Record<Language, RunProgram>>;
  /** Runs that are under way at the same time; the others stay pending. */
  readonly concurrent: number;
  readonly clock?: Clock;
}

/** Takes pending runs one after the other and runs their ServerApps, several at once. */
export class Launcher implements AsyncDisposable {
  readonly #options: LauncherOptions;
  readonly #clock: Clock;
  readonly #stopping = new AbortController();
  readonly #running = new Set<Running>();
  readonly #claiming: Promise<void>;
  /** Resolves when a slot becomes free; undefined while there is one. */
  #full: PromiseWithResolvers<void> | undefined;

  constructor(options: LauncherOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#claiming = this.#claim();
  }

  /** The run was ended from outside, or is given to someone else: what runs here for it ends. */
  end(runId: bigint): void {
    for (const running of this.#running) if (running.runId === runId) running.ended.abort();
  }

  /** Ends every run with words for whoever asks what became of it, and takes no more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    const running = [...this.#running];
    await Promise.all(running.map(async ({ runId, ended, done }) => {
      await this.#options.link.failRun(runId, "The SuperLink was stopped").catch(report);
      ended.abort();
      await done;
    }));
    await this.#claiming;
    // One more may have been claimed while the others ended.
    await Promise.all([...this.#running].map(({ ended, done }) => {
      ended.abort();
      return done;
    }));
  }

  async #claim(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await Promise.race([this.#full?.promise, aborted(signal)]);
      if (signal.aborted) return;
      try {
        const claimed = await this.#options.link.claimRun({
          holdSeconds: CLAIM_HOLD_SECONDS,
          signal,
        });
        if (claimed !== undefined) this.#start(claimed);
      } catch (error) {
        if (signal.aborted) return;
        report(error);
        await this.#clock.sleep(CLAIM_RETRY_SECONDS, signal);
      }
    }
  }

  #start(claimed: ClaimedRun): void {
    const { runId } = claimed.run;
    const ended = new AbortController();
    const done = this.#run(claimed, ended).catch(report).finally(() => {
      this.#running.delete(running);
      this.#full?.resolve();
      this.#full = undefined;
    });
    const running: Running = { runId, ended, done };
    this.#running.add(running);
    if (this.#running.size >= this.#options.concurrent) this.#full = Promise.withResolvers();
  }

  async #run(claimed: ClaimedRun, ended: AbortController): Promise<void> {
    const { run: { runId }, token } = claimed;
    const { link } = this.#options;
    const stopHeartbeats = new AbortController();
    const heartbeats = this.#heartbeats(token, ended, stopHeartbeats.signal);
    try {
      const end = await this.#outcome(claimed, ended.signal);
      if (end === undefined || ended.signal.aborted) return;
      if (end.outcome === "completed") await link.finishRun(token, end);
      // Whether it had begun or not.
      else await link.failRun(runId, end.details);
    } catch (error) {
      // "unauthenticated": the run was ended in this very moment.
      if (!(error instanceof FlwrError) || error.code !== "unauthenticated") throw error;
    } finally {
      stopHeartbeats.abort();
      await heartbeats;
    }
  }

  async #outcome(claimed: ClaimedRun, signal: AbortSignal): Promise<RunEnd | undefined> {
    const { run: { runId, fabHash } } = claimed;
    const { link, readFab, programs } = this.#options;
    try {
      const content = await link.getFab(fabHash);
      if (content === undefined) {
        throw new FlwrError("not-found", "The run's app bundle is not kept here any more");
      }
      const fab = readFab(content);
      return await programs[fab.config.language](claimed, fab, signal);
    } catch (error) {
      if (signal.aborted) return undefined;
      const { code, message, hints } = FlwrError.from(error);
      if (code === "internal") logger.error("Run {runId}: {error}", { runId, error });
      await link.appendLog(runId, errorLines({ message, hints }));
      return { outcome: "failed", details: message };
    }
  }

  /** Keeps the run's claim alive, and hears of its end where nobody tells. */
  async #heartbeats(token: string, ended: AbortController, signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#clock.sleep(HEARTBEAT_SECONDS, signal);
      if (signal.aborted) return;
      const alive = await this.#options.link.runHeartbeat(token).catch((error) => {
        report(error);
        return true;
      });
      if (!alive && !signal.aborted) return ended.abort();
    }
  }
}

/** A run under way. */
interface Running {
  readonly runId: bigint;
  /** Aborted when the run was ended from outside. */
  readonly ended: AbortController;
  /** Resolves, never rejects, when nothing of it is left. */
  readonly done: Promise<void>;
}

function aborted(signal: AbortSignal): Promise<void> | undefined {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true })
  );
}

function report(error: unknown): void {
  const { code, message } = FlwrError.from(error);
  if (code !== "unavailable") logger.error("The launcher failed: {message}", { message, error });
}
