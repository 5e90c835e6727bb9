import type { DescMethod, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { AppBundle, OnlineNode, RunInfo } from "../../../../app/connection.ts";
import type { ConfigRecord } from "../../../../app/config_record.ts";
import type { NodeId, RunId } from "../../../../entities/metadata.ts";
import { RecordDict } from "../../../../app/record_dict.ts";
import { FlwrError } from "../../../../base/error.ts";
import type { AppEvent } from "../../../../entities/journal.ts";
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
import { taskEventOf } from "../task_event.ts";
import { treeFromWire } from "../object_tree.ts";
import { runInfoFromWire } from "../run.ts";
import { configFromWire } from "../scalar.ts";
import type { DeflatedMessage } from "./message_objects.ts";
import { runtimeDeadline } from "./runtime_deadline.ts";

/** Input of a task, as received from the server. */
export interface ReceivedTaskInput {
  readonly taskId: bigint;
  readonly run: RunInfo;
  /** The run's app, checked against its hash. */
  readonly fab: AppBundle;
  /** Node id of the app: SUPERLINK_NODE_ID for a ServerApp. */
  readonly nodeId: NodeId;
  readonly nodeConfig: ConfigRecord;
  /** A ClientApp's complete configuration; empty for a ServerApp, which derives it from the bundle and the run. */
  readonly runConfig: ConfigRecord;
  /** State that the app kept from its last task of the same series. */
  readonly state: RecordDict;
  /** The original response, for another process of the same task, because the server sends it only once. */
  readonly wire: PullTaskInputResponse;
}

/** Result of announcing messages. */
export interface AnnouncedMessages {
  /** In the order of the messages: undefined for a refused one. */
  readonly ids: readonly (ObjectId | undefined)[];
  /** Objects that the server lacks. */
  readonly missing: readonly ObjectId[];
  readonly sessionId: string;
}

/** A pulled message without its objects. */
export interface WaitingMessage {
  readonly wire: WireMessage;
  readonly tree: WireTree;
}

/** Pulled messages. */
export interface WaitingMessages {
  readonly messages: readonly WaitingMessage[];
  /** Bytes of their objects that were sent inline; undefined if the server does not support that. */
  readonly along?: ReadonlyMap<ObjectId, Uint8Array>;
}

/** Extras of a push, if the server supports them. */
export interface PushedAlong {
  readonly objects: ReturnType<typeof packAlong>;
  /** Messages that were received completely. */
  readonly confirms: readonly ObjectId[];
}

/** Sender or receiver of objects. */
export interface Speaker {
  readonly nodeId: NodeId;
  readonly runId: RunId;
}

/**
 * Client of the Runtime API of any SuperLink (or SuperNode) since Flower 1.40, used by the process of one task. It
 * sends no version, because Flower's servers refuse versions other than their own.
 */
export class RuntimeClient {
  readonly #channel: Channel;
  readonly #headers: Record<string, string>;
  readonly #ending = new AbortController();
  #takesBytes = 0;

  /** @param token the task's token, 256 hexadecimal digits */
  constructor(channel: Channel, token: string) {
    this.#channel = channel;
    this.#headers = { [TASK_TOKEN_HEADER]: token };
  }

  /**
   * Aborted when the server no longer accepts the token, because the run was stopped or given up. Its reason is the
   * error.
   */
  get ended(): AbortSignal {
    return this.#ending.signal;
  }

  /** Bytes of objects that the server accepts inline with a push, from its last response; 0 if it accepts none. */
  get takesBytes(): number {
    return this.#takesBytes;
  }

  /** Begins the task. @throws FlwrError "data-loss" for an app that does not match its hash */
  async begin(): Promise<ReceivedTaskInput> {
    const input = await this.#call(Runtime.method.pullTaskInput, {});
    return await readTaskInput(input);
  }

  /**
   * Sends a heartbeat.
   *
   * @param options.retry default: as the channel retries
   * @returns false if the task no longer belongs to this process; `ended` is then aborted
   */
  async heartbeat(options: Pick<CallOptions, "retry"> = {}): Promise<boolean> {
    const { success } = await this.#call(Runtime.method.sendTaskHeartbeat, {}, options);
    if (!success) this.#end();
    return success;
  }

  /** Ends the task, without retries. @param details why it failed, as text for the user */
  async finish(outcome: "completed" | "failed", details: string): Promise<void> {
    await this.#call(Runtime.method.pushTaskOutput, { subStatus: outcome, details }, {
      retry: NO_RETRY,
    });
  }

  /** Sends the app's output. */
  async pushLogs({ nodeId, runId }: Speaker, lines: readonly string[]): Promise<void> {
    await this.#call(Runtime.method.pushLogs, { node: { nodeId }, runId, logs: [...lines] });
  }

  /** Sends events of the app, at most 1,000. */
  async pushEvents(events: readonly AppEvent[]): Promise<void> {
    await this.#call(Runtime.method.pushTaskEvents, { events: events.map(taskEventOf) });
  }

  /** Lists the online nodes. */
  async nodes(): Promise<OnlineNode[]> {
    const { nodes, along } = await this.#call(Runtime.method.getNodes, { along: {} });
    this.#readInlineLimit(along);
    return nodes.map(({ nodeId, name }) => ({ nodeId, ...usableName(name) }));
  }

  /**
   * Uploads a piece of an artifact.
   *
   * @param size bytes of the whole file
   * @param offset position of the piece in it
   * @returns whether the file is now complete
   */
  async pushArtifact(
    name: string,
    size: number,
    offset: number,
    content: Uint8Array,
  ): Promise<boolean> {
    return await this.#pushPiece(Runtime.method.pushArtifact, name, size, offset, content);
  }

  /** Uploads a piece of a checkpoint, as {@link pushArtifact} does of an artifact. */
  async pushCheckpoint(
    name: string,
    size: number,
    offset: number,
    content: Uint8Array,
  ): Promise<boolean> {
    return await this.#pushPiece(Runtime.method.pushCheckpoint, name, size, offset, content);
  }

  async #pushPiece(
    method: typeof Runtime.method.pushArtifact | typeof Runtime.method.pushCheckpoint,
    name: string,
    size: number,
    offset: number,
    content: Uint8Array,
  ): Promise<boolean> {
    const { complete } = await this.#call(method, {
      name,
      size: BigInt(size),
      offset: BigInt(offset),
      content,
    });
    return complete;
  }

  /**
   * Downloads a piece of the run's last checkpoint.
   *
   * @param offset where the piece begins: the end of the one before
   * @returns undefined if there is none. `size` is that of the whole checkpoint, in bytes
   */
  async pullCheckpoint(
    name: string,
    offset: number,
  ): Promise<{ size: number; content: Uint8Array } | undefined> {
    const { size, content } = await this.#call(Runtime.method.pullCheckpoint, {
      name,
      offset: BigInt(offset),
    });
    return size === undefined ? undefined : { size: Number(size), content };
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
    this.#readInlineLimit(along);
    return {
      ids: messages.map((_, place) => messageIds[place] || undefined),
      missing: objectsToPush,
      sessionId,
    };
  }

  /** Pushes an object of announced messages. @returns false if the server no longer waits for it */
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
   * Pulls messages for the app: replies to the given instructions. The server may hold the call or respond at once.
   *
   * @param options.confirms messages that were received completely
   */
  async pullMessages(
    ids: readonly string[],
    { confirms = [], holds = [], signal }: {
      confirms?: readonly ObjectId[];
      holds?: readonly ObjectId[];
      signal?: AbortSignal;
    } = {},
  ): Promise<WaitingMessages> {
    const takes = {
      takesBytes: BigInt(MAX_ALONG_BYTES),
      holds: [...holds],
      confirms: [...confirms],
    };
    const { messagesList, messageObjectTrees, along } = await this.#call(
      Runtime.method.pullMessages,
      { messageIds: [...ids], along: takes },
      signal && { signal },
    );
    this.#readInlineLimit(along);
    if (messagesList.length !== messageObjectTrees.length) {
      throw new FlwrError(
        "data-loss",
        `The server sent ${messagesList.length} messages and ${messageObjectTrees.length} object trees`,
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

  /** Pulls an object of a pulled message. */
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

  /** Confirms that all objects of a message were received, so the server may delete them. */
  async confirm({ nodeId, runId }: Speaker, messageObjectId: ObjectId): Promise<void> {
    await this.#call(
      Runtime.method.confirmMessageReceived,
      { node: { nodeId }, runId, messageObjectId },
    );
  }

  /** Returns a handler that relays calls of the task's app, with the task's token. */
  relay<M extends DescMethod>(
    method: M,
  ): (
    request: MessageShape<M["input"]>,
    call: { readonly signal: AbortSignal },
  ) => Promise<MessageShape<M["output"]>> {
    // A decoded message can be sent again.
    return (request, { signal }) =>
      this.#call(method, request as MessageInitShape<M["input"]>, { signal });
  }

  /** Closes the connection and cancels open calls. */
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

  #readInlineLimit(along: AlongResponse | undefined): void {
    this.#takesBytes = alongBytes(along?.takesBytes ?? 0n);
  }

  #end(cause?: FlwrError): void {
    this.#ending.abort(
      new FlwrError(
        "cancelled",
        "The run has ended: it was stopped, or its app sent no heartbeat for too long",
        { cause },
      ),
    );
  }
}

async function readTaskInput(wire: PullTaskInputResponse): Promise<ReceivedTaskInput> {
  const { taskId, context, run, fab } = wire;
  if (context === undefined || run === undefined || fab === undefined) {
    throw new FlwrError("data-loss", "The server sent a task without its context, run or app");
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
