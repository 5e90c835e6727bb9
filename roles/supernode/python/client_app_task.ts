import type { ConfigRecord } from "../../../app/config_record.ts";
import type { AppBundle, RunInfo } from "../../../app/connection.ts";
import type { Context } from "../../../app/context.ts";
import type { Message } from "../../../app/message.ts";
import type { RecordDict } from "../../../app/record_dict.ts";
import type { Clock } from "../../../base/clock.ts";
import { FlwrError } from "../../../base/error.ts";
import { scalarOf } from "../../../fab/scalar.ts";
import type { NewLinkMessage } from "../../../entities/message.ts";
import type { MessageRefusal, OpenedPush } from "../../../entities/push.ts";
import type { LinkObject, ObjectId, ObjectTree, PulledObject } from "../../../entities/object.ts";
import type { LinkScalar } from "../../../entities/run.ts";
import { ApiError } from "../../../rpc/api_error.ts";
import { recordDictFromWire, recordDictToWire } from "../../../rpc/dialects/record_dict.ts";
import type {
  PulledMessage,
  RuntimeTask,
  TaskEnd,
  TaskInput,
} from "../../../rpc/dialects/current/server/runtime_backend.ts";
import { inflateReply, type TaskMessage } from "./message_objects.ts";

/** The parts of a task. */
export interface TaskInit extends RuntimeTask {
  readonly run: RunInfo;
  readonly bundle: AppBundle;
  readonly instruction: Message;
  readonly deflated: TaskMessage;
  readonly context: Context;
}

/** The result of a task. */
export interface TaskResult {
  readonly reply: Message;
  readonly state: RecordDict;
  /** Seconds from the pull of the instruction to the last object of the reply. */
  readonly seconds: number;
}

/** The outcome of a task: its result, or why there is none. */
export type TaskOutcome = { readonly result: TaskResult } | { readonly failure: string };

/**
 * A task: one instruction for a process, and the reply that the process has pushed so far. The order of calls is Flower's
 * (contract, section 3.2): input, message, its objects; then the reply, its objects, the end.
 */
export class ClientAppTask {
  readonly task: RuntimeTask;
  readonly #init: TaskInit;
  readonly #clock: Clock;
  readonly #ended = Promise.withResolvers<TaskOutcome>();
  #lastSign: number | undefined;
  #begun = false;
  #pulledAt: number | undefined;
  #reply: { readonly message: NewLinkMessage; readonly tree: ObjectTree } | undefined;
  #repliedAt: number | undefined;
  readonly #received = new Map<ObjectId, LinkObject>();

  constructor(init: TaskInit, clock: Clock) {
    const { taskId, runId, nodeId, token } = init;
    this.task = { taskId, runId, nodeId, token };
    this.#init = init;
    this.#clock = clock;
  }

  /** Resolves when the process has ended the task. */
  get ended(): Promise<TaskOutcome> {
    return this.#ended.promise;
  }

  /** Unix time in seconds of the last sign of life. Undefined while no process has the task. */
  get lastSign(): number | undefined {
    return this.#lastSign;
  }

  /** Records a sign of life of the task's process. */
  recordSign(): void {
    this.#lastSign = this.#clock.now();
  }

  begin(): TaskInput {
    if (this.#begun) throw new ApiError("task-not-started", "The task has already begun");
    const { run, bundle, context } = this.#init;
    const input: TaskInput = {
      run: { ...run, federation: "", overrideConfig: scalars(run.overrideConfig, "The run's") },
      fab: bundle,
      nodeConfig: scalars(context.nodeConfig, "The node's"),
      runConfig: scalars(context.runConfig, "The run's"),
      state: recordDictToWire(context.state),
    };
    this.#begun = true;
    this.recordSign();
    return input;
  }

  /** Returns the task's instruction. It may be pulled again, because an answer can get lost. */
  pull(): PulledMessage {
    this.#pulledAt ??= this.#clock.now();
    const { message, tree } = this.#init.deflated;
    return { message, tree };
  }

  pullObject(id: ObjectId): PulledObject {
    const object = this.#init.deflated.objects.get(id);
    return object === undefined ? { found: false } : { found: true, bytes: object.bytes };
  }

  /** Announces the reply. */
  openPush(
    messages: readonly NewLinkMessage[],
    trees: readonly ObjectTree[],
    sessionId: string,
  ): OpenedPush {
    const [message, ...others] = messages;
    const tree = trees[0];
    if (message === undefined || tree === undefined || others.length > 0) {
      throw new FlwrError("invalid-argument", "A ClientApp may send only one message, its reply");
    }
    const refused = this.#refusal(message);
    if (refused !== undefined) {
      return { refusals: [refused], missing: [], sessionId };
    }
    this.#reply ??= { message, tree };
    this.#noteReply();
    return { refusals: [undefined], missing: this.#missing(), sessionId };
  }

  /** Stores an object of the reply. @returns false if the reply does not need it */
  put(object: LinkObject): boolean {
    if (this.#reply?.tree.has(object.id) !== true) return false;
    this.#received.set(object.id, object);
    this.#noteReply();
    return true;
  }

  finish({ outcome, details, state, clientAppSeconds }: TaskEnd): void {
    this.#ended.resolve(this.#outcome(outcome, details, state, clientAppSeconds));
  }

  /** The outcome if the process has ended without ending the task: the reply, if it is complete. */
  abandon(why: string): TaskOutcome {
    return this.#outcome("failed", why, undefined, undefined);
  }

  #outcome(
    outcome: TaskEnd["outcome"],
    details: string,
    state: TaskEnd["state"],
    clientAppSeconds: number | undefined,
  ): TaskOutcome {
    const { instruction, context } = this.#init;
    if (this.#reply === undefined || this.#repliedAt === undefined) {
      return {
        failure: details || `the process ended its task as ${outcome}, but sent no reply`,
      };
    }
    try {
      return {
        result: {
          reply: inflateReply(instruction, this.#reply.message, this.#received),
          state: state === undefined ? context.state : recordDictFromWire(state),
          seconds: clientAppSeconds ?? this.#repliedAt - (this.#pulledAt ?? this.#repliedAt),
        },
      };
    } catch (error) {
      return { failure: `its reply cannot be read: ${FlwrError.from(error).message}` };
    }
  }

  #refusal({ runId, srcNodeId, replyToMessageId }: NewLinkMessage): MessageRefusal | undefined {
    const { runId: own, nodeId, deflated } = this.#init;
    if (runId !== own) {
      const reason = `The message belongs to run ${runId}, but the task to run ${own}`;
      return { code: "wrong-run", reason };
    }
    if (srcNodeId !== nodeId) {
      const reason = `The message is from node ${srcNodeId}, but this is node ${nodeId}`;
      return { code: "wrong-source", reason };
    }
    if (replyToMessageId !== deflated.message.messageId) {
      const reason = "The message does not answer the task's instruction";
      return { code: "instruction-unknown", reason };
    }
    return undefined;
  }

  #missing(): ObjectId[] {
    return [...this.#reply!.tree.keys()].filter((id) => !this.#received.has(id));
  }

  #noteReply(): void {
    if (this.#missing().length === 0) this.#repliedAt ??= this.#clock.now();
  }
}

/** Converts settings for Flower's processes, which accept only single values. */
function scalars(config: ConfigRecord, whose: string): Record<string, LinkScalar> {
  return Object.fromEntries(
    Array.from(config.typedEntries(), ([name, typed]): [string, LinkScalar] => {
      const value = typed.type === "bytes" ? typed.value : scalarOf(typed);
      if (value !== undefined) return [name, value];
      throw new FlwrError(
        "invalid-argument",
        `${whose} setting "${name}" is a list, but Python apps accept only single values`,
      );
    }),
  );
}
