import { MIN_BODY_BYTES_PER_SECOND } from "../../../limits.ts";
import type { DescMethod, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { NodeId, RunId } from "../../../../entities/metadata.ts";
import type { LinkObject, ObjectId, PulledObject } from "../../../../entities/object.ts";
import type { AlongRequestSchema } from "../../../../proto/gen/current/along_pb.ts";
import {
  Fleet,
  type PullMessagesResponse,
  type PushMessagesResponse,
} from "../../../../proto/gen/current/fleet_pb.ts";
import type { Fab, Run } from "../../../../proto/gen/current/run_pb.ts";
import type { CallOptions, Channel } from "../../../channel.ts";
import { NO_RETRY } from "../../../retry.ts";
import { MAX_ALONG_BYTES } from "../limits.ts";
import {
  CALL_DEADLINE_SECONDS,
  HEARTBEAT_DEADLINE_SECONDS,
  PULL_DEADLINE_SECONDS,
  PUSH_DEADLINE_SECONDS,
} from "./limits.ts";
import type { DeflatedMessage } from "./message_objects.ts";
import type { NodeCredentials } from "./node_credentials.ts";

/** Seconds that a SuperLink may take until its answer begins: it holds pulls for 20 s, and large answers wait for room. */
const ANSWER_BEGINS_SECONDS = 40;

/**
 * Seconds until the answer to a node's call begins; otherwise its connection is dead, and TCP would try that again for up
 * to two minutes after the network is back. With the longest wait between two tries (20 s) this is two heartbeats.
 *
 * @param bytes how large the request is
 */
function answerSeconds(bytes = 0): number {
  return ANSWER_BEGINS_SECONDS + bytes / MIN_BODY_BYTES_PER_SECOND;
}

/** Where the calls of a node go, and who makes them. */
export interface FleetClientOptions {
  readonly channel: Channel;
  /** A connection of their own for heartbeats. */
  readonly heartbeats: Channel;
  readonly credentials: NodeCredentials;
  /** What the node calls itself; default: nothing. */
  readonly name?: string;
}

/** The twelve calls of the Fleet API, each with its deadline and the node's credentials. All throw a FlwrError. */
export class FleetClient {
  readonly #options: FleetClientOptions;

  constructor(options: FleetClientOptions) {
    this.#options = options;
  }

  /** Makes the node's key known. */
  async register(): Promise<void> {
    const { publicKey } = this.#options.credentials;
    await this.call(Fleet.method.registerNode, { publicKey });
  }

  /** @param heartbeatInterval seconds */
  async activate(heartbeatInterval: number): Promise<NodeId> {
    const { publicKey } = this.#options.credentials;
    const { name } = this.#options;
    const request = { publicKey, heartbeatInterval, ...(name !== undefined && { name }) };
    return (await this.call(Fleet.method.activateNode, request)).nodeId;
  }

  /** Tried once: a node that stops does not wait. */
  async deactivate(nodeId: NodeId): Promise<void> {
    await this.call(Fleet.method.deactivateNode, { nodeId }, { retry: NO_RETRY });
  }

  /** Tried once. */
  async unregister(nodeId: NodeId): Promise<void> {
    await this.call(Fleet.method.unregisterNode, { nodeId }, { retry: NO_RETRY });
  }

  /** @returns whether the SuperLink knows the node */
  async heartbeat(nodeId: NodeId, heartbeatInterval: number): Promise<boolean> {
    const { success } = await this.call(
      Fleet.method.sendNodeHeartbeat,
      { node: { nodeId }, heartbeatInterval },
      { timeoutSeconds: HEARTBEAT_DEADLINE_SECONDS },
      this.#options.heartbeats,
    );
    return success;
  }

  /** @param options.holds objects that the node has with all that is below them: the answer need not bring them */
  async pullMessages(
    nodeId: NodeId,
    { holds = [], signal }: { holds?: readonly ObjectId[]; signal?: AbortSignal } = {},
  ): Promise<PullMessagesResponse> {
    // A node handles one instruction after the other, and pulls between them.
    const along = { takesBytes: BigInt(MAX_ALONG_BYTES), holds: [...holds], emptyHanded: true };
    return await this.call(Fleet.method.pullMessages, { node: { nodeId }, along }, {
      timeoutSeconds: PULL_DEADLINE_SECONDS,
      answerSeconds: answerSeconds(),
      signal,
    });
  }

  /**
   * @param clientAppSeconds how long the ClientApp worked on the reply
   * @param along what goes along, where the SuperLink takes something
   */
  async pushMessage(
    nodeId: NodeId,
    { wire, tree }: DeflatedMessage,
    clientAppSeconds: number,
    along?: MessageInitShape<typeof AlongRequestSchema>,
  ): Promise<PushMessagesResponse> {
    const objects = along?.objects ?? [];
    const bytes = objects.reduce((sum, { content }) => sum + (content?.length ?? 0), 0);
    return await this.call(Fleet.method.pushMessages, {
      node: { nodeId },
      messagesList: [wire],
      messageObjectTrees: [tree],
      clientappRuntimeList: [clientAppSeconds],
      along,
    }, along && { timeoutSeconds: PUSH_DEADLINE_SECONDS, answerSeconds: answerSeconds(bytes) });
  }

  async run(nodeId: NodeId, runId: RunId): Promise<Run | undefined> {
    return (await this.call(Fleet.method.getRun, { node: { nodeId }, runId })).run;
  }

  async fab(nodeId: NodeId, runId: RunId, hashStr: string): Promise<Fab | undefined> {
    const request = { node: { nodeId }, runId, hashStr };
    return (await this.call(Fleet.method.getFab, request, {
      timeoutSeconds: PUSH_DEADLINE_SECONDS,
      answerSeconds: answerSeconds(),
    })).fab;
  }

  async pullObject(
    nodeId: NodeId,
    runId: RunId,
    objectId: ObjectId,
    signal?: AbortSignal,
  ): Promise<PulledObject> {
    const { objectFound: found, objectAvailable, objectContent } = await this.call(
      Fleet.method.pullObject,
      { node: { nodeId }, runId, objectId },
      { timeoutSeconds: PUSH_DEADLINE_SECONDS, answerSeconds: answerSeconds(), signal },
    );
    return { found, ...(objectAvailable && { bytes: objectContent }) };
  }

  /** @returns whether the SuperLink took the object */
  async pushObject(
    nodeId: NodeId,
    runId: RunId,
    sessionId: string,
    { id, bytes }: LinkObject,
  ): Promise<boolean> {
    const { stored } = await this.call(
      Fleet.method.pushObject,
      { node: { nodeId }, runId, sessionId, objectId: id, objectContent: bytes },
      { timeoutSeconds: PUSH_DEADLINE_SECONDS, answerSeconds: answerSeconds(bytes.length) },
    );
    return stored;
  }

  /** The node has all objects of a message. */
  async confirm(nodeId: NodeId, runId: RunId, messageObjectId: ObjectId): Promise<void> {
    await this.call(Fleet.method.confirmMessageReceived, {
      node: { nodeId },
      runId,
      messageObjectId,
    });
  }

  /** Makes any call with the node's credentials. @param channel the one for all but heartbeats by default */
  async call<M extends DescMethod>(
    method: M,
    request: MessageInitShape<M["input"]>,
    options: CallOptions = {},
    channel: Channel = this.#options.channel,
  ): Promise<MessageShape<M["output"]>> {
    const { response } = await channel.call(method, request, {
      timeoutSeconds: CALL_DEADLINE_SECONDS,
      ...options,
      metadata: () => this.#options.credentials.headers(),
    });
    return response;
  }
}
