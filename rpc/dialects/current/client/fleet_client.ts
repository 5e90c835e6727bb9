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

/** Seconds until a SuperLink's response must begin: it holds pulls for 20 s, and large responses wait for memory. */
const ANSWER_BEGINS_SECONDS = 40;

/**
 * Seconds until the response to a node's call must begin. After them the connection counts as dead, which TCP alone
 * would only notice up to two minutes after the network is back. Together with the longest wait between two attempts
 * (20 s) this is two heartbeats.
 *
 * @param bytes size of the request
 */
function answerSeconds(bytes = 0): number {
  return ANSWER_BEGINS_SECONDS + bytes / MIN_BODY_BYTES_PER_SECOND;
}

/** Options of a {@link FleetClient}. */
export interface FleetClientOptions {
  readonly channel: Channel;
  /** Separate connection for heartbeats. */
  readonly heartbeats: Channel;
  readonly credentials: NodeCredentials;
  /** The node's name; none by default. */
  readonly name?: string;
}

/** Client of the Fleet API's twelve calls, each with its deadline and the node's credentials. All throw a FlwrError. */
export class FleetClient {
  readonly #options: FleetClientOptions;

  constructor(options: FleetClientOptions) {
    this.#options = options;
  }

  /** Registers the node's key. */
  async register(): Promise<void> {
    const { publicKey } = this.#options.credentials;
    await this.call(Fleet.method.registerNode, { publicKey });
  }

  /** Activates the node. @param heartbeatInterval seconds */
  async activate(heartbeatInterval: number): Promise<NodeId> {
    const { publicKey } = this.#options.credentials;
    const { name } = this.#options;
    const request = { publicKey, heartbeatInterval, ...(name !== undefined && { name }) };
    return (await this.call(Fleet.method.activateNode, request)).nodeId;
  }

  /** Deactivates the node, without retries, because a stopping node does not wait. */
  async deactivate(nodeId: NodeId): Promise<void> {
    await this.call(Fleet.method.deactivateNode, { nodeId }, { retry: NO_RETRY });
  }

  /** Unregisters the node, without retries. */
  async unregister(nodeId: NodeId): Promise<void> {
    await this.call(Fleet.method.unregisterNode, { nodeId }, { retry: NO_RETRY });
  }

  /** Sends a heartbeat. @returns whether the SuperLink knows the node */
  async heartbeat(nodeId: NodeId, heartbeatInterval: number): Promise<boolean> {
    const { success } = await this.call(
      Fleet.method.sendNodeHeartbeat,
      { node: { nodeId }, heartbeatInterval },
      { timeoutSeconds: HEARTBEAT_DEADLINE_SECONDS },
      this.#options.heartbeats,
    );
    return success;
  }

  /**
   * Pulls the next instruction.
   *
   * @param options.holds objects that the node has, with all their descendants: the response need not include them
   * @param options.hearsOfRuns whether the response may name a run that has begun, instead of an instruction
   */
  async pullMessages(
    nodeId: NodeId,
    { holds = [], hearsOfRuns = false, signal }: {
      holds?: readonly ObjectId[];
      hearsOfRuns?: boolean;
      signal?: AbortSignal;
    } = {},
  ): Promise<PullMessagesResponse> {
    // A node handles one instruction at a time, and pulls between them.
    const along = {
      takesBytes: BigInt(MAX_ALONG_BYTES),
      holds: [...holds],
      emptyHanded: true,
      hearsOfRuns,
    };
    return await this.call(Fleet.method.pullMessages, { node: { nodeId }, along }, {
      timeoutSeconds: PULL_DEADLINE_SECONDS,
      answerSeconds: answerSeconds(),
      signal,
    });
  }

  /**
   * Announces a reply.
   *
   * @param clientAppSeconds running time of the ClientApp for this reply
   * @param along objects to send inline, if the SuperLink accepts any
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

  /** Pushes an object. @returns whether the SuperLink accepted it */
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

  /** Confirms that the node has all objects of a message. */
  async confirm(nodeId: NodeId, runId: RunId, messageObjectId: ObjectId): Promise<void> {
    await this.call(Fleet.method.confirmMessageReceived, {
      node: { nodeId },
      runId,
      messageObjectId,
    });
  }

  /** Makes any call with the node's credentials. @param channel by default the channel for all calls but heartbeats */
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
