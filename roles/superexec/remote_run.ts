import { SUPERLINK_NODE_ID } from "../../entities/metadata.ts";
import { FlwrError } from "../../base/error.ts";
import { log } from "../../base/log.ts";
import { fromConfigRecord } from "../../fab/scalar.ts";
import type { Channel } from "../../rpc/channel.ts";
import type { AcquiredTask } from "../../rpc/dialects/current/client/acquire_task.ts";
import { RuntimeClient, type TaskInput } from "../../rpc/dialects/current/client/runtime_client.ts";
import {
  TaskSession,
  type TaskSessionOptions,
} from "../../rpc/dialects/current/client/task_session.ts";
import { taskTokenHeaders } from "../../rpc/dialects/current/server/task_authentication.ts";
import type { ServiceBinding } from "../../rpc/service.ts";
import { aborted } from "../../base/aborted.ts";
import type { RunEnd } from "../../hosting/launch/program.ts";
import type { RunInput, TakenRun } from "../../hosting/launch/run_source.ts";
import { relayRuntime } from "./relay.ts";

/** A run of a SuperLink elsewhere, which was taken on as a task of its Runtime API. */
export class RemoteRun implements TakenRun {
  readonly runId: bigint;
  readonly token: string;
  readonly callHeaders: Readonly<Record<string, string>>;
  readonly runtime: ServiceBinding;
  readonly #client: RuntimeClient;
  readonly #options: TaskSessionOptions;
  #session: TaskSession | undefined;
  /** Whether the app, or this program, has said how the run ended. */
  #finished = false;

  /** @param channel to the SuperLink; it stays open */
  constructor(
    channel: Channel,
    { runId, taskId, token }: AcquiredTask,
    options: TaskSessionOptions,
  ) {
    this.runId = runId;
    this.token = token;
    this.callHeaders = taskTokenHeaders(token);
    this.#client = new RuntimeClient(channel, token);
    this.#options = options;
    this.runtime = relayRuntime({
      task: { taskId, runId, nodeId: SUPERLINK_NODE_ID, token },
      client: this.#client,
      input: () => this.#input(),
      finished: () => {
        this.#finished = true;
        log("superexec").info("Run {runId} reported its result", { runId });
      },
    });
  }

  /** Begins the task: the SuperLink gives what the app needs in no other way. */
  async load(): Promise<RunInput> {
    this.#session = await TaskSession.begin(this.#client, this.#options);
    const { run, fab } = this.#session.input;
    return { fab: fab.content, overrideConfig: fromConfigRecord(run.overrideConfig) };
  }

  /** Nothing is left to do: `load` has begun the task. */
  begin(): Promise<void> {
    return Promise.resolve();
  }

  async log(lines: readonly string[]): Promise<void> {
    const session = this.#session;
    // One by one: each is a message of its own.
    const messages = messagesOf(lines);
    if (session !== undefined) return messages.forEach((message) => session.log(message));
    await this.#client.pushLogs({ nodeId: SUPERLINK_NODE_ID, runId: this.runId }, messages);
  }

  async finish({ outcome, details }: RunEnd): Promise<void> {
    this.#finished = true;
    if (this.#session !== undefined) await this.#session.finish(outcome, details);
    else await this.#client.finish(outcome, details);
    log("superexec").info("Run {runId} {outcome}{details}", {
      runId: this.runId,
      outcome,
      details: details === "" ? "" : `: ${details}`,
    });
  }

  isOver(): Promise<boolean> {
    return Promise.resolve(this.#finished || this.#client.ended.aborted);
  }

  /** The session's heartbeats keep it, and any call hears of its end. */
  async keep(signal: AbortSignal): Promise<boolean> {
    const { ended } = this.#client;
    await Promise.race([aborted(signal), aborted(ended)]);
    if (signal.aborted || !ended.aborted) return true;
    log("superexec").info("The SuperLink ended run {runId}", {
      event: "run-ended",
      runId: this.runId,
    });
    return false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session?.[Symbol.asyncDispose]();
  }

  #input(): TaskInput {
    if (this.#session !== undefined) return this.#session.input;
    throw new FlwrError("failed-precondition", `Run ${this.runId} has not begun`);
  }
}

/**
 * The lines of a log as messages, to each of which the SuperLink gives a time unless it begins as a line of its log does.
 * An empty line within a message has none, so it goes with the line before it.
 */
function messagesOf(texts: readonly string[]): string[] {
  return texts.join("").match(/[^\n]*\n+|[^\n]+/g) ?? [];
}
