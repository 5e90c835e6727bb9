import type { AppBundle, RunInfo } from "../../../app/connection.ts";
import type { Context } from "../../../app/context.ts";
import type { Message } from "../../../app/message.ts";
import { MessageErrorCode } from "../../../entities/metadata.ts";
import { unlessAborted } from "../../../base/aborted.ts";
import type { Clock } from "../../../base/clock.ts";
import { FlwrError } from "../../../base/error.ts";
import { log } from "../../../base/log.ts";
import type { Random } from "../../../base/random.ts";
import { AppCrashed, type Handled } from "../../../hosting/app/app_host.ts";
import type { ReadyApp } from "../apps/fab_apps.ts";
import { type Failure, IN_THE_LOG } from "../../../hosting/app/failure.ts";
import { RunRefused } from "../../../hosting/app/run_refused.ts";
import type { MessageHandler } from "../runs/prepared_run.ts";
import type { ClientAppTask, TaskOutcome } from "./client_app_task.ts";
import { deflateInstruction } from "./message_objects.ts";
import type { TaskBackend } from "./task_backend.ts";

/** After how many seconds without a heartbeat a ClientApp's process counts as dead (contract, section 3.2). */
export const CLIENTAPP_SILENCE_SECONDS = 60;

/** How long a ClientApp's process may take to end itself after its task, in seconds. */
const CLIENTAPP_EXIT_SECONDS = 5;

/**
 * Finds a process for a task. Resolves, with why, when the process has gone; for processes from elsewhere never.
 *
 * @param signal ends the process
 */
export type Execute = (
  task: ClientAppTask,
  fabHash: string,
  signal: AbortSignal,
) => Promise<string>;

/** What Python ClientApps run with. */
export interface PythonAppOptions {
  readonly backend: TaskBackend;
  readonly execute: Execute;
  readonly clock: Clock;
  readonly random: Random;
}

/** A ClientApp in Python: each message is a task for a process of Flower's own, which is told to end with it. */
export class PythonApp implements ReadyApp {
  readonly #bundle: AppBundle;
  readonly #options: PythonAppOptions;
  readonly #ending = new AbortController();

  constructor(bundle: AppBundle, options: PythonAppOptions) {
    this.#bundle = bundle;
    this.#options = options;
  }

  forRun(run: RunInfo): MessageHandler {
    return { handle: (message, context, signal) => this.#handle(run, message, context, signal) };
  }

  /** Ends the processes that are still there. */
  [Symbol.dispose](): void {
    this.#ending.abort();
  }

  async #handle(
    run: RunInfo,
    instruction: Message,
    context: Context,
    signal: AbortSignal,
  ): Promise<Handled> {
    const { backend, execute, random } = this.#options;
    const task = backend.open({
      taskId: random.uint64(),
      runId: run.runId,
      nodeId: context.nodeId,
      run,
      bundle: this.#bundle,
      instruction,
      deflated: await deflateInstruction(instruction),
      context,
    });
    const stop = new AbortController();
    const ending = AbortSignal.any([signal, stop.signal, this.#ending.signal]);
    const gone = execute(task, run.fabHash, ending);
    try {
      const outcome = await unlessAborted(
        first([
          task.ended,
          gone.then((why) => task.abandon(why)),
          this.#silence(task, ending),
        ]),
        signal,
      );
      if (!("result" in outcome)) {
        throw new AppCrashed(outcome.failure, { failure: pythonFailure(outcome.failure) });
      }
      this.#letEnd(gone, stop);
      const { error } = outcome.result.reply;
      return { ...outcome.result, ...(error && { failure: pythonFailure(error.reason) }) };
    } catch (error) {
      stop.abort();
      if (error instanceof AppCrashed || signal.aborted) throw error;
      const { message, hints } = FlwrError.from(error);
      for (const hint of hints) log("supernode").error("{message}. {hint}", { message, hint });
      throw new RunRefused(MessageErrorCode.LoadClientApp, message, {
        cause: error,
        failure: pythonFailure(message),
      });
    } finally {
      backend.close(task);
    }
  }

  /** A process that has ended its task ends itself; nobody waits for it, but not for ever does it live on. */
  #letEnd(gone: Promise<string>, stop: AbortController): void {
    const ended = new AbortController();
    gone.finally(() => ended.abort()).catch(() => {}); // what it says after its task is of no use
    this.#options.clock.sleep(CLIENTAPP_EXIT_SECONDS, ended.signal).then(() => stop.abort());
  }

  /** Resolves when the process has been silent for too long. */
  async #silence(task: ClientAppTask, signal: AbortSignal): Promise<TaskOutcome> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      // A task that waits for a process may wait for long.
      const since = task.lastSign ?? clock.now();
      const left = since + CLIENTAPP_SILENCE_SECONDS - clock.now();
      if (left <= 0) return task.abandon("it stopped responding");
      await clock.sleep(left, signal);
    }
    return await new Promise(() => {});
  }
}

/** The first of several to settle; what the others come to is of no use. */
function first<T>(racers: readonly Promise<T>[]): Promise<T> {
  for (const racer of racers) racer.catch(() => {});
  return Promise.race(racers);
}

/** Of Python's words on what went wrong only the class is told, where they begin with one as Flower puts it. */
function pythonFailure(text: string): Failure {
  const [, name] = /^<class '([A-Za-z_][\w.]{0,127})'>:</.exec(text) ?? [];
  return { told: `${name ?? "The Python ClientApp failed"}; ${IN_THE_LOG}`, details: text };
}
