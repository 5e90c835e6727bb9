import type { Clock } from "../../../base/clock.ts";
import { FlwrError } from "../../../base/error.ts";
import type { NewLinkMessage } from "../../../entities/message.ts";
import type { OpenedPush } from "../../../entities/push.ts";
import type { LinkNode } from "../../../entities/node.ts";
import type { LinkObject, ObjectId, ObjectTree, PulledObject } from "../../../entities/object.ts";
import { ApiError } from "../../../rpc/api_error.ts";
import type {
  AssignedTask,
  PulledMessage,
  RuntimeBackend,
  RuntimeHold,
  RuntimeTask,
  TaskEnd,
  TaskInput,
} from "../../../rpc/dialects/current/server/runtime_backend.ts";
import { ClientAppTask, type TaskInit } from "./client_app_task.ts";

/** Flower's task type for ClientApps. */
const CLIENTAPP_TASK_TYPE = "flwr-clientapp";

/** Random bytes of a task's token, which is written in hexadecimal. As many as in Flower. */
const TOKEN_BYTES = 128;

/** The parts of a task, without its token. */
export type NewTask = Omit<TaskInit, "token">;

/** Backend of the SuperNode's Runtime API: the tasks that processes work on, and those that wait for a process. */
export class TaskBackend implements RuntimeBackend {
  readonly #clock: Clock;
  /** Called with each line of an app's log. */
  readonly #onLog: (runId: bigint, line: string) => void;
  readonly #byToken = new Map<string, ClientAppTask>();
  /** Tasks that wait for a `flower-superexec` to acquire them, the oldest first. */
  readonly #waiting: { readonly task: ClientAppTask; readonly fabHash: string; at: number }[] = [];
  #arrived = Promise.withResolvers<void>();

  constructor(clock: Clock, onLog: (runId: bigint, line: string) => void) {
    this.#clock = clock;
    this.#onLog = onLog;
  }

  /** Creates a task with a token of its own. It exists until it is closed. */
  open(init: NewTask): ClientAppTask {
    const token = crypto.getRandomValues(new Uint8Array(TOKEN_BYTES)).toHex();
    const task = new ClientAppTask({ ...init, token }, this.#clock);
    this.#byToken.set(token, task);
    return task;
  }

  /** Offers a task to a `flower-superexec`. */
  offer(task: ClientAppTask, fabHash: string): void {
    this.#waiting.push({ task, fabHash, at: this.#clock.now() });
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers();
  }

  /** Ends a task and invalidates its token. */
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
  ): Promise<AssignedTask | undefined> {
    if (!types.includes(CLIENTAPP_TASK_TYPE)) return undefined;
    if (this.#waiting.length === 0) await this.#waitForTask(holdSeconds, signal);
    const next = signal.aborted ? undefined : this.#waiting.shift();
    if (next === undefined) return undefined;
    next.task.recordSign();
    return {
      ...next.task.task,
      type: CLIENTAPP_TASK_TYPE,
      fabHash: next.fabHash,
      pendingAt: next.at,
    };
  }

  heartbeat({ token }: RuntimeTask): Promise<boolean> {
    const task = this.#byToken.get(token);
    task?.recordSign();
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
      new ApiError("task-call-not-offered", "A ClientApp can only send to its ServerApp"),
    );
  }

  openPush(
    task: RuntimeTask,
    messages: readonly NewLinkMessage[],
    trees: readonly ObjectTree[],
  ): Promise<OpenedPush> {
    // A task has at most one push, so the task's id can identify it.
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

  /** Does nothing: objects stay until the task ends, because another process may have to repeat the task. */
  confirmReceived(): Promise<void> {
    return Promise.resolve();
  }

  appendLog({ runId }: RuntimeTask, lines: readonly string[]): Promise<void> {
    for (const line of lines) this.#onLog(runId, line);
    return Promise.resolve();
  }

  addEvents(): Promise<void> {
    return Promise.reject(
      new ApiError("task-call-not-offered", "Only a ServerApp reports events"),
    );
  }

  putArtifactPiece(): Promise<boolean> {
    return Promise.reject(
      new ApiError("task-call-not-offered", "Only a ServerApp can save artifacts"),
    );
  }

  readCheckpoint(): Promise<undefined> {
    return Promise.reject(
      new ApiError("task-call-not-offered", "Only a ServerApp has checkpoints"),
    );
  }

  #task({ token }: RuntimeTask): ClientAppTask {
    const task = this.#byToken.get(token);
    if (task !== undefined) return task;
    throw new FlwrError("unauthenticated", "The task is over");
  }

  async #waitForTask(holdSeconds: number, signal: AbortSignal): Promise<void> {
    const done = new AbortController();
    const gone = AbortSignal.any([done.signal, signal]);
    await Promise.race([this.#arrived.promise, this.#clock.sleep(holdSeconds, gone)]);
    done.abort();
  }
}
