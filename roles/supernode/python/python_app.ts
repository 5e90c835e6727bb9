import type { AppBundle, RunInfo } from "../../../app/connection.ts";
import type { Context } from "../../../app/context.ts";
import type { Message } from "../../../app/message.ts";
import { MessageErrorCode } from "../../../entities/metadata.ts";
import { unlessAborted } from "../../../base/aborted.ts";
import type { Clock } from "../../../base/clock.ts";
import { FlwrError } from "../../../base/error.ts";
import { log } from "../../../base/log.ts";
import type { Random } from "../../../base/random.ts";
import { AppCrashed, type HandledMessage } from "../../../hosting/app/app_host.ts";
import type { ReadyApp } from "../apps/fab_apps.ts";
import { type Failure, SEE_NODE_LOG } from "../../../hosting/app/failure.ts";
import { RunRefused } from "../../../hosting/app/run_refused.ts";
import type { MessageHandler } from "../runs/prepared_run.ts";
import type { ClientAppTask, TaskOutcome } from "./client_app_task.ts";
import { deflateInstruction } from "./message_objects.ts";
import type { TaskBackend } from "./task_backend.ts";

/** Seconds without a heartbeat after which a ClientApp's process counts as dead (contract, section 3.2). */
export const CLIENTAPP_SILENCE_SECONDS = 60;

/** Seconds in which a ClientApp's process must exit after its task. */
const CLIENTAPP_EXIT_SECONDS = 5;

/**
 * Executes a task in a process. Resolves with the reason when the process has ended; never for processes that a
 * `flower-superexec` starts.
 *
 * @param signal ends the process
 */
export type Execute = (
  task: ClientAppTask,
  fabHash: string,
  signal: AbortSignal,
) => Promise<string>;

/** Options of a {@link PythonApp}. */
export interface PythonAppOptions {
  readonly backend: TaskBackend;
  readonly execute: Execute;
  readonly clock: Clock;
  readonly random: Random;
}

/** A Python ClientApp: each message is a task for a new process of Flower's own `flwr-clientapp`. */
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

  /** Ends the processes that are still running. */
  [Symbol.dispose](): void {
    this.#ending.abort();
  }

  async #handle(
    run: RunInfo,
    instruction: Message,
    context: Context,
    signal: AbortSignal,
  ): Promise<HandledMessage> {
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
      this.#stopLater(gone, stop);
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

  /** Stops a process that has not exited some seconds after its task. */
  #stopLater(gone: Promise<string>, stop: AbortController): void {
    const ended = new AbortController();
    // An error after the task does not matter.
    gone.finally(() => ended.abort()).catch(() => {});
    this.#options.clock.sleep(CLIENTAPP_EXIT_SECONDS, ended.signal).then(() => stop.abort());
  }

  /** Resolves when the process has sent no sign of life for too long. */
  async #silence(task: ClientAppTask, signal: AbortSignal): Promise<TaskOutcome> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      // The time for a task without a process does not count.
      const since = task.lastSign ?? clock.now();
      const left = since + CLIENTAPP_SILENCE_SECONDS - clock.now();
      if (left <= 0) return task.abandon("it stopped responding");
      await clock.sleep(left, signal);
    }
    return await new Promise(() => {});
  }
}

/** Settles with the first of several promises. Errors of the others are ignored. */
function first<T>(racers: readonly Promise<T>[]): Promise<T> {
  for (const racer of racers) racer.catch(() => {});
  return Promise.race(racers);
}

/** The failure for an error text of Python. The summary has only the exception's class, if the text begins with one. */
function pythonFailure(text: string): Failure {
  const [, name] = /^<class '([A-Za-z_][\w.]{0,127})'>:</.exec(text) ?? [];
  return { summary: `${name ?? "The Python ClientApp failed"}; ${SEE_NODE_LOG}`, details: text };
}
