import type { DescMethod, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { AppBundle, OnlineNode, RunInfo } from "../../../../app/connection.ts";
import type { ConfigRecord } from "../../../../app/config_record.ts";
import type { NodeId, RunId } from "../../../../entities/metadata.ts";
import { RecordDict } from "../../../../app/record_dict.ts";
import { FlwrError } from "../../../../base/error.ts";
import type { LinkObject, ObjectId, PulledObject } from "../../../../entities/object.ts";
import type { AlongResponse } from "../../../../proto/gen/current/along_pb.ts";
import type {
  Message as WireMessage,
  ObjectTree as WireTree,
} from "../../../../proto/gen/current/message_pb.ts";
import { type PullTaskInputResponse, Runtime } from "../../../../proto/gen/current/runtime_pb.ts";
import type { CallOptions, Channel } from "../../../channel.ts";
import { hashObject } from "../../../objects/object.ts";
import { NO_RETRY } from "../../../retry.ts";
import { usableName } from "../../node_name.ts";
import { recordDictFromWire } from "../../record_dict.ts";
import { alongBytes, type packAlong, readAlong } from "../along.ts";
import { TASK_TOKEN_HEADER } from "../headers.ts";
import { MAX_ALONG_BYTES } from "../limits.ts";
import { treeFromWire } from "../object_tree.ts";
import { runInfoFromWire } from "../run.ts";
import { configFromWire } from "../scalar.ts";
import type { DeflatedMessage } from "./message_objects.ts";
import { runtimeDeadline } from "./runtime_deadline.ts";

/** What an app begins with, as its server gives it. */
export interface TaskInput {
  readonly taskId: bigint;
  readonly run: RunInfo;
  /** The run's app, checked against its hash. */
  readonly fab: AppBundle;
  /** Under which the app sends: SUPERLINK_NODE_ID for a ServerApp. */
  readonly nodeId: NodeId;
  readonly nodeConfig: ConfigRecord;
  /** A ClientApp's whole configuration; empty for a ServerApp, which has it from the bundle and the run. */
  readonly runConfig: ConfigRecord;
  /** What the app kept from its last task of the same series. */
  readonly state: RecordDict;
  /** As it came, for another process of the same task: it is given once. */
  readonly wire: PullTaskInputResponse;
}

/** How messages that were announced stand. */
export interface AnnouncedMessages {
  /** In the order of the messages: undefined for one that was refused. */
  readonly ids: readonly (ObjectId | undefined)[];
  /** Objects that the server does not have yet. */
  readonly missing: readonly ObjectId[];
  readonly sessionId: string;
}

/** A message that waits at the server, without its objects. */
export interface WaitingMessage {
  readonly wire: WireMessage;
  readonly tree: WireTree;
}

/** Messages that wait at the server. */
export interface WaitingMessages {
  readonly messages: readonly WaitingMessage[];
  /** Bytes of those of their objects that came along; undefined where the server lets none. */
  readonly along?: ReadonlyMap<ObjectId, Uint8Array>;
}

/** What goes along with a push, where the server takes something. */
export interface PushedAlong {
  readonly objects: ReturnType<typeof packAlong>;
  /** Messages that have come whole. */
  readonly confirms: readonly ObjectId[];
}

/** For whom objects are pushed and pulled. */
export interface Speaker {
  readonly nodeId: NodeId;
  readonly runId: RunId;
}

/**
 * The Runtime API of any SuperLink (or SuperNode) since Flower 1.40, as the process of one task speaks it. It names no
 * version: a server of Flower would refuse another than its own.
 */
export class RuntimeClient {
  readonly #channel: Channel;
  readonly #headers: Record<string, string>;
  readonly #ending = new AbortController();
  #takesBytes = 0;

  /** @param token what the task was given out with, 256 hexadecimal digits */
  constructor(channel: Channel, token: string) {
    this.#channel = channel;
    this.#headers = { [TASK_TOKEN_HEADER]: token };
  }

  /** Aborted when the server takes the token no more: the run was stopped, or given up. Its reason is the error. */
  get ended(): AbortSignal {
    return this.#ending.signal;
  }

  /**
   * Bytes of objects that the server takes along with a push, as its last answer said; 0 where it lets none travel with
   * the calls that announce them.
   */
  get takesBytes(): number {
    return this.#takesBytes;
  }

  /** Begins the task. @throws FlwrError "data-loss" for an app that is not what its hash says */
  async begin(): Promise<TaskInput> {
    const input = await this.#call(Runtime.method.pullTaskInput, {});
    return await readTaskInput(input);
  }

  /**
   * Says that the process is alive.
   *
   * @param options.retry default: as the channel retries
   * @returns false when the task is not its any more, and `ended` is aborted
   */
  async heartbeat(options: Pick<CallOptions, "retry"> = {}): Promise<boolean> {
    const { success } = await this.#call(Runtime.method.sendTaskHeartbeat, {}, options);
    if (!success) this.#end();
    return success;
  }

  /** Ends the task; tried once. @param details why it failed, for people */
  async finish(outcome: "completed" | "failed", details: string): Promise<void> {
    await this.#call(Runtime.method.pushTaskOutput, { subStatus: outcome, details }, {
      retry: NO_RETRY,
    });
  }

  /** Hands over what the app wrote. */
  async pushLogs({ nodeId, runId }: Speaker, lines: readonly string[]): Promise<void> {
    await this.#call(Runtime.method.pushLogs, { node: { nodeId }, runId, logs: [...lines] });
  }

  /** The nodes that are online. */
  async nodes(): Promise<OnlineNode[]> {
    const { nodes, along } = await this.#call(Runtime.method.getNodes, { along: {} });
    this.#hearAlong(along);
    return nodes.map(({ nodeId, name }) => ({ nodeId, ...usableName(name) }));
  }

  /**
   * Hands over a piece of a file that the app keeps.
   *
   * @param size bytes of the whole file
   * @param offset where in it the piece begins
   * @returns whether the file is whole now
   */
  async pushArtifact(
    name: string,
    size: number,
    offset: number,
    content: Uint8Array,
  ): Promise<boolean> {
    const { complete } = await this.#call(Runtime.method.pushArtifact, {
      name,
      size: BigInt(size),
      offset: BigInt(offset),
      content,
    });
    return complete;
  }

  /** Announces messages. */
  async announce(
    messages: readonly DeflatedMessage[],
    { objects, confirms }: PushedAlong = { objects: [], confirms: [] },
  ): Promise<AnnouncedMessages> {
    const { messageIds, objectsToPush, sessionId, along } = await this.#call(
      Runtime.method.pushMessages,
      {
        messagesList: messages.map(({ wire }) => wire),
        messageObjectTrees: messages.map(({ tree }) => tree),
        along: { objects, confirms: [...confirms] },
      },
    );
    this.#hearAlong(along);
    return {
      ids: messages.map((_, place) => messageIds[place] || undefined),
      missing: objectsToPush,
      sessionId,
    };
  }

  /** Hands over an object of announced messages. @returns false when the server waits for it no more */
  async pushObject(
    { nodeId, runId }: Speaker,
    sessionId: string,
    { id, bytes }: LinkObject,
  ): Promise<boolean> {
    const { stored } = await this.#call(
      Runtime.method.pushObject,
      { node: { nodeId }, runId, objectId: id, objectContent: bytes, sessionId },
    );
    return stored;
  }

  /**
   * Messages for the app: replies to the given ones. May be held by the server, or answered at once.
   *
   * @param options.confirms messages that have come whole
   */
  async pullMessages(
    ids: readonly string[],
    { confirms = [], signal }: { confirms?: readonly ObjectId[]; signal?: AbortSignal } = {},
  ): Promise<WaitingMessages> {
    const takes = { takesBytes: BigInt(MAX_ALONG_BYTES), confirms: [...confirms] };
    const { messagesList, messageObjectTrees, along } = await this.#call(
      Runtime.method.pullMessages,
      { messageIds: [...ids], along: takes },
      signal && { signal },
    );
    this.#hearAlong(along);
    if (messagesList.length !== messageObjectTrees.length) {
      throw new FlwrError(
        "data-loss",
        `The server gave ${messagesList.length} messages and ${messageObjectTrees.length} object trees`,
      );
    }
    const messages = messagesList.map((wire, place) => ({
      wire,
      tree: messageObjectTrees[place]!,
    }));
    if (along === undefined) return { messages };
    const announced = new Set(messageObjectTrees.flatMap((tree) => [...treeFromWire(tree).keys()]));
    return { messages, along: readAlong(along.objects, (id) => announced.has(id)) };
  }

  /** An object of a message that was pulled. */
  async pullObject(
    { nodeId, runId }: Speaker,
    objectId: ObjectId,
    signal?: AbortSignal,
  ): Promise<PulledObject> {
    const { objectFound, objectAvailable, objectContent } = await this.#call(
      Runtime.method.pullObject,
      { node: { nodeId }, runId, objectId },
      signal && { signal },
    );
    return { found: objectFound, ...(objectAvailable && { bytes: objectContent }) };
  }

  /** Says that all objects of a message have come: the server may let go of them. */
  async confirm({ nodeId, runId }: Speaker, messageObjectId: ObjectId): Promise<void> {
    await this.#call(
      Runtime.method.confirmMessageReceived,
      { node: { nodeId }, runId, messageObjectId },
    );
  }

  /** What answers a call that the task's app made elsewhere: it is made once more, in the task's name. */
  relay<M extends DescMethod>(
    method: M,
  ): (
    request: MessageShape<M["input"]>,
    call: { readonly signal: AbortSignal },
  ) => Promise<MessageShape<M["output"]>> {
    // A message that was read is one that can be sent.
    return (request, { signal }) =>
      this.#call(method, request as MessageInitShape<M["input"]>, { signal });
  }

  /** Closes the connection; open calls end. */
  close(): void {
    this.#channel.close();
  }

  async #call<M extends DescMethod>(
    method: M,
    request: MessageInitShape<M["input"]>,
    options: CallOptions = {},
  ): Promise<MessageShape<M["output"]>> {
    this.ended.throwIfAborted();
    const signal = options.signal ? AbortSignal.any([options.signal, this.ended]) : this.ended;
    try {
      const { response } = await this.#channel.call(method, request, {
        ...options,
        signal,
        timeoutSeconds: runtimeDeadline(method),
        metadata: () => Promise.resolve(this.#headers),
      });
      return response;
    } catch (error) {
      if (error instanceof FlwrError && error.code === "unauthenticated") this.#end(error);
      this.ended.throwIfAborted();
      throw error;
    }
  }

  #hearAlong(along: AlongResponse | undefined): void {
    this.#takesBytes = alongBytes(along?.takesBytes ?? 0n);
  }

  #end(cause?: FlwrError): void {
    this.#ending.abort(
      new FlwrError(
        "cancelled",
        "The run has ended: it was stopped, or nothing was heard of its app for too long",
        { cause },
      ),
    );
  }
}

async function readTaskInput(wire: PullTaskInputResponse): Promise<TaskInput> {
  const { taskId, context, run, fab } = wire;
  if (context === undefined || run === undefined || fab === undefined) {
    throw new FlwrError("data-loss", "The server gave a task without its context, run or app");
  }
  const hash = await hashObject(fab.content);
  if (hash !== run.fabHash) {
    throw new FlwrError(
      "data-loss",
      `The app of run ${run.runId} is damaged: its hash is "${hash}", expected "${run.fabHash}"`,
    );
  }
  return {
    taskId,
    run: runInfoFromWire(run),
    fab: { hash, content: fab.content, verifications: fab.verifications },
    nodeId: context.nodeId,
    nodeConfig: configFromWire(context.nodeConfig),
    runConfig: configFromWire(context.runConfig),
    state: context.state === undefined ? new RecordDict() : recordDictFromWire(context.state),
    wire,
  };
}
