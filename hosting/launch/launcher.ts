import { type Clock, systemClock } from "../../base/clock.ts";
import { type ErrorCode, FlwrError } from "../../base/error.ts";
import { log } from "../../base/log.ts";
import { systemRandom } from "../../base/random.ts";
import type { Language } from "../../fab/component.ts";
import type { CheckedFab } from "../../fab/fab.ts";
import { withRetries } from "../../rpc/retry.ts";
import { aborted, unlessAborted } from "../../base/aborted.ts";
import { errorLines, type RunEnd, type RunProgram } from "./program.ts";
import type { RunClaim, RunSource } from "./run_source.ts";

/** Seconds until the launcher tries again after claiming a run failed. */
const CLAIM_RETRY_SECONDS = 1;

const logger = log("launcher");

/** Codes of calls that failed because their run has ended. */
const OVER: ReadonlySet<ErrorCode> = new Set(["unauthenticated", "cancelled"]);

/** Settings and dependencies of a {@link Launcher}. */
export interface LauncherOptions {
  readonly runs: RunSource;
  /** Reads and checks a bundle. @throws FlwrError */
  readonly readFab: (content: Uint8Array) => CheckedFab;
  /** How to run an app, by the language that it is written in. */
  readonly programs: Readonly<Record<Language, RunProgram>>;
  /** Most runs at the same time; the others stay pending. */
  readonly concurrent: number;
  /** Why the runs that are still running when the launcher stops do not go on. */
  readonly stopDetails: string;
  readonly clock?: Clock;
}

/** Launcher of ServerApps: claims pending runs one after the other and runs their ServerApps, several at once. */
export class Launcher implements AsyncDisposable {
  readonly #options: LauncherOptions;
  readonly #clock: Clock;
  /** Aborted when no more runs are to be claimed. */
  readonly #draining = new AbortController();
  readonly #stopping = new AbortController();
  readonly #running = new Set<Running>();
  readonly #claiming: Promise<void>;
  /** Resolves when a slot becomes free. Undefined while one is free. */
  #full: PromiseWithResolvers<void> | undefined;

  constructor(options: LauncherOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#claiming = this.#claimRuns();
  }

  /** Stops the ServerApp of a run that was ended from outside, or that somebody else claimed. */
  end(runId: bigint): void {
    for (const { run, ended } of this.#running) if (run.runId === runId) ended.abort();
  }

  /** Notes that a run has saved a checkpoint. A run that waits for it is interrupted. */
  checkpointSaved(runId: bigint): void {
    for (const running of this.#running) {
      if (running.run.runId === runId) running.checkpoint?.resolve();
    }
  }

  /**
   * Claims no more runs, and interrupts those that run: the apps in TypeScript whose claims wait for a checkpoint after
   * their next one, or when the signal is aborted, and all others at once.
   *
   * @returns `others` resolves when the others have ended, `all` when all have. Neither rejects
   */
  drain(signal: AbortSignal): { readonly others: Promise<void>; readonly all: Promise<void> } {
    this.#draining.abort();
    const [waiting, others] = [[], []] as [Promise<void>[], Promise<void>[]];
    for (const running of this.#running) {
      if (running.language !== "typescript" || !running.run.waitsForCheckpoint) {
        others.push(this.#interrupt(running));
        continue;
      }
      const checkpoint = running.checkpoint = Promise.withResolvers();
      const last = Promise.race([checkpoint.promise, running.done, aborted(signal)]);
      waiting.push(last.then(() => this.#interrupt(running)));
    }
    const ended = Promise.all(others).then(() => {});
    return { others: ended, all: Promise.all([ended, ...waiting]).then(() => {}) };
  }

  /** Interrupts a run, or fails it, with the details of the options. Does nothing if it has ended. */
  async #interrupt(running: Running): Promise<void> {
    if (!this.#running.has(running)) return;
    const { run, ended, done } = running;
    const end: RunEnd = { outcome: "failed", details: this.#options.stopDetails };
    await (run.interrupt?.(end.details) ?? run.finish(end)).catch(report);
    ended.abort();
    await done;
  }

  /** Interrupts every run, or fails it, with the details of the options, and claims no more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#draining.abort();
    this.#stopping.abort();
    await Promise.all([...this.#running].map((running) => this.#interrupt(running)));
    await this.#claiming;
    // One more run may have been claimed while the others ended.
    await Promise.all([...this.#running].map(({ ended, done }) => {
      ended.abort();
      return done;
    }));
  }

  async #claimRuns(): Promise<void> {
    const { signal } = this.#draining;
    while (!signal.aborted) {
      try {
        if (this.#full !== undefined) await unlessAborted(this.#full.promise, signal);
        const run = await this.#options.runs.claim(signal);
        if (run !== undefined) this.#start(run);
      } catch (error) {
        if (signal.aborted) return;
        report(error);
        await this.#clock.sleep(CLAIM_RETRY_SECONDS, signal);
      }
    }
  }

  #start(run: RunClaim): void {
    const ended = new AbortController();
    const done = this.#run(run, ended, (language) => running.language = language).catch(report)
      .finally(() => {
        this.#running.delete(running);
        this.#full?.resolve();
        this.#full = undefined;
      });
    const running: Running = { run, ended, done, language: undefined, checkpoint: undefined };
    this.#running.add(running);
    if (this.#running.size >= this.#options.concurrent) this.#full = Promise.withResolvers();
  }

  async #run(
    run: RunClaim,
    ended: AbortController,
    isWrittenIn: (language: Language) => void,
  ): Promise<void> {
    await using _ = run;
    const done = new AbortController();
    const keepingAlive = run.keepAlive(done.signal).then((kept) => {
      if (!kept) ended.abort();
    });
    try {
      const end = await this.#outcome(run, ended.signal, isWrittenIn);
      if (end === undefined || ended.signal.aborted) return;
      await withRetries(() => run.finish(end), {
        policy: {},
        clock: this.#clock,
        random: systemRandom,
        signal: this.#stopping.signal,
      });
    } catch (error) {
      // The run was ended from outside at the same time: its token is no longer valid.
      if (!OVER.has(FlwrError.from(error).code)) throw error;
    } finally {
      done.abort();
      await keepingAlive;
    }
  }

  async #outcome(
    run: RunClaim,
    signal: AbortSignal,
    isWrittenIn: (language: Language) => void,
  ): Promise<RunEnd | undefined> {
    const { readFab, programs } = this.#options;
    try {
      const { fab: content, ...input } = await run.load();
      const fab = readFab(content);
      const { language } = fab.config;
      isWrittenIn(language);
      return await programs[language](run, { ...input, fab }, signal);
    } catch (error) {
      if (signal.aborted) return undefined;
      const { code, message, hints } = FlwrError.from(error);
      if (code === "internal") logger.error("Run {runId}: {error}", { runId: run.runId, error });
      await run.log(errorLines({ message, hints }));
      return { outcome: "failed", details: message };
    }
  }
}

/** A run whose ServerApp is running. */
interface Running {
  readonly run: RunClaim;
  /** Aborted when the run is ended from outside. */
  readonly ended: AbortController;
  /** Resolves when the run's process and calls are gone. Never rejects. */
  readonly done: Promise<void>;
  /** What its ServerApp is written in. Undefined until its bundle is read. */
  language: Language | undefined;
  /** Resolves when the run saves a checkpoint. Undefined unless somebody waits for that. */
  checkpoint: PromiseWithResolvers<void> | undefined;
}

function report(error: unknown): void {
  const { code, message } = FlwrError.from(error);
  if (code !== "unavailable") logger.error("The launcher failed: {message}", { message, error });
}
