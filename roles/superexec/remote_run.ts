import { SUPERLINK_NODE_ID } from "../../entities/metadata.ts";
import { FlwrError } from "../../base/error.ts";
import { log } from "../../base/log.ts";
import { fromConfigRecord } from "../../fab/scalar.ts";
import type { Channel } from "../../rpc/channel.ts";
import type { AcquiredTask } from "../../rpc/dialects/current/client/acquire_task.ts";
import {
  type ReceivedTaskInput,
  RuntimeClient,
} from "../../rpc/dialects/current/client/runtime_client.ts";
import {
  TaskSession,
  type TaskSessionOptions,
} from "../../rpc/dialects/current/client/task_session.ts";
import { taskTokenHeaders } from "../../rpc/dialects/current/server/task_authentication.ts";
import type { ServiceBinding } from "../../rpc/service.ts";
import { aborted } from "../../base/aborted.ts";
import type { RunEnd } from "../../hosting/launch/program.ts";
import type { RunClaim, RunInput } from "../../hosting/launch/run_source.ts";
import { relayRuntime } from "./relay.ts";

/** A claim on a run of a remote SuperLink, as a task of its Runtime API. */
export class RemoteRun implements RunClaim {
  readonly runId: bigint;
  readonly token: string;
  readonly callHeaders: Readonly<Record<string, string>>;
  readonly runtime: ServiceBinding;
  readonly #client: RuntimeClient;
  readonly #options: TaskSessionOptions;
  #session: TaskSession | undefined;
  /** Whether the app or this program has reported the run's end. */
  #finished = false;

  /** @param channel to the SuperLink. The caller closes it */
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

  /** Begins the task, because the SuperLink sends the app only in answer to that. */
  async load(): Promise<RunInput> {
    this.#session = await TaskSession.begin(this.#client, this.#options);
    const { run, fab } = this.#session.input;
    return { fab: fab.content, overrideConfig: fromConfigRecord(run.overrideConfig) };
  }

  /** Does nothing: `load` has begun the task. */
  begin(): Promise<void> {
    return Promise.resolve();
  }

  async log(lines: readonly string[]): Promise<void> {
    const session = this.#session;
    // The SuperLink stamps each message with a time of its own.
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

  /** Waits for the run's end, which any call may report. The session already sends heartbeats. */
  async keepAlive(signal: AbortSignal): Promise<boolean> {
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

  #input(): ReceivedTaskInput {
    if (this.#session !== undefined) return this.#session.input;
    throw new FlwrError("failed-precondition", `Run ${this.runId} has not begun`);
  }
}

/**
 * Splits lines of a log into messages. The SuperLink stamps each message with the time, unless it has a time stamp. An
 * empty line gets none, so it stays with the line before it.
 */
function messagesOf(texts: readonly string[]): string[] {
  return texts.join("").match(/[^\n]*\n+|[^\n]+/g) ?? [];
}
