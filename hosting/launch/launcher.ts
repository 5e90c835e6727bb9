import { type Clock, systemClock } from "../../base/clock.ts";
import { type ErrorCode, FlwrError } from "../../base/error.ts";
import { log } from "../../base/log.ts";
import { systemRandom } from "../../base/random.ts";
import type { Language } from "../../fab/component.ts";
import type { CheckedFab } from "../../fab/fab.ts";
import { withRetries } from "../../rpc/retry.ts";
import { unlessAborted } from "../../base/aborted.ts";
import { errorLines, type RunEnd, type RunProgram } from "./program.ts";
import type { RunSource, TakenRun } from "./run_source.ts";

/** Seconds before the launcher asks again after asking for runs failed. */
const TAKE_RETRY_SECONDS = 1;

const logger = log("launcher");

/** Errors of calls for a run that has ended. */
const OVER: ReadonlySet<ErrorCode> = new Set(["unauthenticated", "cancelled"]);

/** What a launcher is made of. */
export interface LauncherOptions {
  readonly runs: RunSource;
  /** Checks a bundle. @throws FlwrError */
  readonly readFab: (content: Uint8Array) => CheckedFab;
  /** By the language that an app is written in. */
  readonly programs: Readonly<Record<Language, RunProgram>>;
  /** Runs that are under way at the same time; the others stay pending. */
  readonly concurrent: number;
  /** What became of the runs that are under way when the launcher ends, for people. */
  readonly farewell: string;
  readonly clock?: Clock;
}

/** Takes pending runs one after the other and runs their ServerApps, several at once. */
export class Launcher implements AsyncDisposable {
  readonly #options: LauncherOptions;
  readonly #clock: Clock;
  readonly #stopping = new AbortController();
  readonly #running = new Set<Running>();
  readonly #taking: Promise<void>;
  /** Resolves when a slot becomes free; undefined while there is one. */
  #full: PromiseWithResolvers<void> | undefined;

  constructor(options: LauncherOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#taking = this.#take();
  }

  /** The run was ended from outside, or is given to someone else: what runs here for it ends. */
  end(runId: bigint): void {
    for (const { run, ended } of this.#running) if (run.runId === runId) ended.abort();
  }

  /** Ends every run with words for whoever asks what became of it, and takes no more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    const end: RunEnd = { outcome: "failed", details: this.#options.farewell };
    await Promise.all([...this.#running].map(async ({ run, ended, done }) => {
      await run.finish(end).catch(report);
      ended.abort();
      await done;
    }));
    await this.#taking;
    // One more may have been taken while the others ended.
    await Promise.all([...this.#running].map(({ ended, done }) => {
      ended.abort();
      return done;
    }));
  }

  async #take(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        if (this.#full !== undefined) await unlessAborted(this.#full.promise, signal);
        const run = await this.#options.runs.take(signal);
        if (run !== undefined) this.#start(run);
      } catch (error) {
        if (signal.aborted) return;
        report(error);
        await this.#clock.sleep(TAKE_RETRY_SECONDS, signal);
      }
    }
  }

  #start(run: TakenRun): void {
    const ended = new AbortController();
    const done = this.#run(run, ended).catch(report).finally(() => {
      this.#running.delete(running);
      this.#full?.resolve();
      this.#full = undefined;
    });
    const running: Running = { run, ended, done };
    this.#running.add(running);
    if (this.#running.size >= this.#options.concurrent) this.#full = Promise.withResolvers();
  }

  async #run(run: TakenRun, ended: AbortController): Promise<void> {
    await using _ = run;
    const settled = new AbortController();
    const keeping = run.keep(settled.signal).then((kept) => {
      if (!kept) ended.abort();
    });
    try {
      const end = await this.#outcome(run, ended.signal);
      if (end === undefined || ended.signal.aborted) return;
      await withRetries(() => run.finish(end), {
        policy: {},
        clock: this.#clock,
        random: systemRandom,
        signal: this.#stopping.signal,
      });
    } catch (error) {
      // The run was ended in this very moment: its token is void, and so are its calls.
      if (!OVER.has(FlwrError.from(error).code)) throw error;
    } finally {
      settled.abort();
      await keeping;
    }
  }

  async #outcome(run: TakenRun, signal: AbortSignal): Promise<RunEnd | undefined> {
    const { readFab, programs } = this.#options;
    try {
      const { fab: content, ...input } = await run.load();
      const fab = readFab(content);
      return await programs[fab.config.language](run, { ...input, fab }, signal);
    } catch (error) {
      if (signal.aborted) return undefined;
      const { code, message, hints } = FlwrError.from(error);
      if (code === "internal") logger.error("Run {runId}: {error}", { runId: run.runId, error });
      await run.log(errorLines({ message, hints }));
      return { outcome: "failed", details: message };
    }
  }
}

/** A run under way. */
interface Running {
  readonly run: TakenRun;
  /** Aborted when the run was ended from outside. */
  readonly ended: AbortController;
  /** Resolves, never rejects, when nothing of it is left. */
  readonly done: Promise<void>;
}

function report(error: unknown): void {
  const { code, message } = FlwrError.from(error);
  if (code !== "unavailable") logger.error("The launcher failed: {message}", { message, error });
}
