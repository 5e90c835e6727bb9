import type { Clock } from "../../../base/clock.ts";
import { FlwrError } from "../../../base/error.ts";
import type { NewLinkMessage } from "../../../entities/message.ts";
import type { OpenedPush } from "../../../entities/push.ts";
import type { LinkNode } from "../../../entities/node.ts";
import type { LinkObject, ObjectId, ObjectTree, PulledObject } from "../../../entities/object.ts";
import { ApiError } from "../../../rpc/api_error.ts";
import type {
  AcquiredTask,
  PulledMessage,
  RuntimeBackend,
  RuntimeHold,
  RuntimeTask,
  TaskEnd,
  TaskInput,
} from "../../../rpc/dialects/current/server/runtime_backend.ts";
import { ClientAppTask, type TaskInit } from "./client_app_task.ts";

/** What Flower calls the task of a ClientApp. */
const CLIENTAPP_TASK_TYPE = "flwr-clientapp";

/** Bytes of a task's token before they are written in hexadecimal, as many as Flower takes. */
const TOKEN_BYTES = 128;

/** How a task is made: everything but what names it. */
export type NewTask = Omit<TaskInit, "token">;

/** The messages of a SuperNode that are with processes, or wait for one; what its Runtime API is served from. */
export class TaskBackend implements RuntimeBackend {
  readonly #clock: Clock;
  /** Told of each line that an app wrote. */
  readonly #onLog: (runId: bigint, line: string) => void;
  readonly #byToken = new Map<string, ClientAppTask>();
  /** Tasks that wait for a process from elsewhere to take them on, the oldest first. */
  readonly #waiting: { readonly task: ClientAppTask; readonly fabHash: string; at: number }[] = [];
  #arrived = Promise.withResolvers<void>();

  constructor(clock: Clock, onLog: (runId: bigint, line: string) => void) {
    this.#clock = clock;
    this.#onLog = onLog;
  }

  /** Makes a task, under a token of its own. It is there until it is closed. */
  open(init: NewTask): ClientAppTask {
    const token = crypto.getRandomValues(new Uint8Array(TOKEN_BYTES)).toHex();
    const task = new ClientAppTask({ ...init, token }, this.#clock);
    this.#byToken.set(token, task);
    return task;
  }

  /** Lets a process from elsewhere take on a task that was made. */
  offer(task: ClientAppTask, fabHash: string): void {
    this.#waiting.push({ task, fabHash, at: this.#clock.now() });
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers();
  }

  /** Ends a task: its token is void. */
  close({ task: { token } }: ClientAppTask): void {
    this.#byToken.delete(token);
    const place = this.#waiting.findIndex(({ task }) => task.task.token === token);
    if (place >= 0) this.#waiting.splice(place, 1);
  }

  taskOfToken(token: string): Promise<RuntimeTask | undefined> {
    return Promise.resolve(this.#byToken.get(token)?.task);
  }

  async acquireTask(
    types: readonly string[],
    { holdSeconds, signal }: RuntimeHold,
  ): Promise<AcquiredTask | undefined> {
    if (!types.includes(CLIENTAPP_TASK_TYPE)) return undefined;
    if (this.#waiting.length === 0) await this.#someTask(holdSeconds, signal);
    const next = signal.aborted ? undefined : this.#waiting.shift();
    if (next === undefined) return undefined;
    next.task.sign();
    return {
      ...next.task.task,
      type: CLIENTAPP_TASK_TYPE,
      fabHash: next.fabHash,
      pendingAt: next.at,
    };
  }

  heartbeat({ token }: RuntimeTask): Promise<boolean> {
    const task = this.#byToken.get(token);
    task?.sign();
    return Promise.resolve(task !== undefined);
  }

  beginTask(task: RuntimeTask): Promise<TaskInput> {
    return Promise.try(() => this.#task(task).begin());
  }

  finishTask(task: RuntimeTask, end: TaskEnd): Promise<void> {
    return Promise.try(() => {
      const known = this.#task(task);
      this.close(known);
      known.finish(end);
    });
  }

  nodes(): Promise<readonly LinkNode[]> {
    return Promise.reject(
      new ApiError("task-call-not-offered", "A ClientApp sends to nobody but its ServerApp"),
    );
  }

  openPush(
    task: RuntimeTask,
    messages: readonly NewLinkMessage[],
    trees: readonly ObjectTree[],
  ): Promise<OpenedPush> {
    // A task has one push at most, so its id does for the push's.
    return Promise.try(() => this.#task(task).openPush(messages, trees, String(task.taskId)));
  }

  putObject(task: RuntimeTask, _sessionId: string, object: LinkObject): Promise<boolean> {
    return Promise.try(() => this.#task(task).put(object));
  }

  pullMessages(task: RuntimeTask): Promise<readonly PulledMessage[]> {
    return Promise.try(() => [this.#task(task).pull()]);
  }

  pullObject(task: RuntimeTask, id: ObjectId): Promise<PulledObject> {
    return Promise.try(() => this.#task(task).pullObject(id));
  }

  /** Nothing is let go before the task ends: a process that dies is followed by another. */
  confirmReceived(): Promise<void> {
    return Promise.resolve();
  }

  appendLog({ runId }: RuntimeTask, lines: readonly string[]): Promise<void> {
    for (const line of lines) this.#onLog(runId, line);
    return Promise.resolve();
  }

  putArtifactPiece(): Promise<boolean> {
    return Promise.reject(
      new ApiError("task-call-not-offered", "A ClientApp keeps no artifacts: its ServerApp does"),
    );
  }

  #task({ token }: RuntimeTask): ClientAppTask {
    const task = this.#byToken.get(token);
    if (task !== undefined) return task;
    throw new FlwrError("unauthenticated", "The task is over");
  }

  async #someTask(holdSeconds: number, signal: AbortSignal): Promise<void> {
    const done = new AbortController();
    const gone = AbortSignal.any([done.signal, signal]);
    await Promise.race([this.#arrived.promise, this.#clock.sleep(holdSeconds, gone)]);
    done.abort();
  }
}
