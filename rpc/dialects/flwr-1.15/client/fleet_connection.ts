import type { AppBundle, FleetConnection, RunInfo } from "../../../../app/connection.ts";
import { Message } from "../../../../app/message.ts";
import { MessageErrorCode, type NodeId, type RunId } from "../../../../entities/metadata.ts";
import { RecordDict } from "../../../../app/record_dict.ts";
import { type ErrorCode, FlwrError } from "../../../../base/error.ts";
import { log } from "../../../../base/log.ts";
import type { ObjectTree } from "../../../../proto/gen/current/message_pb.ts";
import { Fleet } from "../../../../proto/gen/flwr-1.15/fleet_pb.ts";
import type { Message as WireMessage } from "../../../../proto/gen/flwr-1.15/message_pb.ts";
import { NO_RETRY } from "../../../retry.ts";
import type { FleetClient } from "../../current/client/fleet_client.ts";
import {
  CurrentFleetConnection,
  type CurrentFleetConnectionOptions,
} from "../../current/client/fleet_connection.ts";
import {
  HEARTBEAT_DEADLINE_SECONDS,
  PULL_DEADLINE_SECONDS,
  PUSH_DEADLINE_SECONDS,
} from "../../current/client/limits.ts";
import { longPoll } from "../../current/client/poll.ts";
import { appMessageFromWire, appMessageToWire } from "./message.ts";

/** How such a SuperLink refuses a call that it does not know: up to 1.18 its authentication fails over it. */
const UNKNOWN_CALL: ReadonlySet<ErrorCode> = new Set(["unimplemented", "internal"]);

/** A node that has joined a SuperLink that passes messages on whole. */
interface WholeMember {
  readonly client: FleetClient;
  readonly nodeId: NodeId;
}

/**
 * A SuperNode's line to a SuperLink of Flower 1.15 to 1.22, over gRPC. Joining and leaving are that wire's own. From 1.20
 * on all else is as today; up to 1.18 messages travel whole, and the heartbeat has another name.
 */
export class OlderFleetConnection implements FleetConnection {
  readonly #options: CurrentFleetConnectionOptions;
  readonly #current: CurrentFleetConnection;
  readonly #log = log("fleet");
  /** Set where messages travel whole. */
  #whole: WholeMember | undefined;

  constructor(options: CurrentFleetConnectionOptions) {
    this.#options = options;
    this.#current = new CurrentFleetConnection({
      ...options,
      membership: {
        join: (client, heartbeatInterval) => this.#create(client, heartbeatInterval),
        leave: (client, nodeId) => this.#delete(client, nodeId),
      },
      checkTree: refuse119,
    });
  }

  /** @throws FlwrError "unauthenticated" when the key is not admitted, or is online with the SuperLink still */
  async join(heartbeatInterval: number): Promise<NodeId> {
    // Such a SuperLink takes no key twice: what is left of an earlier session goes first.
    await this.#current.leave().catch((error) => {
      const { message: reason } = FlwrError.from(error);
      this.#log.debug("Leaving before joining again failed: {reason}", { reason });
    });
    return await this.#current.join(heartbeatInterval);
  }

  async heartbeat(heartbeatInterval: number): Promise<boolean> {
    const whole = this.#whole;
    if (whole === undefined) return await this.#current.heartbeat(heartbeatInterval);
    return await this.#ping(whole.client, whole.nodeId, heartbeatInterval);
  }

  async pull(signal?: AbortSignal): Promise<Message | undefined> {
    const whole = this.#whole;
    if (whole === undefined) return await this.#current.pull(signal);
    return await longPoll(this.#options, signal, async () => {
      const { messagesList: [wire] } = await whole.client.call(
        Fleet.method.pullMessages,
        { node: { nodeId: whole.nodeId } },
        { timeoutSeconds: PULL_DEADLINE_SECONDS, ...(signal && { signal }) },
      );
      return wire && await this.#read(whole, wire);
    });
  }

  async push(reply: Message, clientAppSeconds?: number): Promise<void> {
    const whole = this.#whole;
    if (whole === undefined) return await this.#current.push(reply, clientAppSeconds);
    await whole.client.call(
      Fleet.method.pushMessages,
      { node: { nodeId: whole.nodeId }, messagesList: [appMessageToWire(reply)] },
      { timeoutSeconds: PUSH_DEADLINE_SECONDS },
    );
  }

  run(runId: RunId): Promise<RunInfo | undefined> {
    return this.#current.run(runId);
  }

  fab(run: RunInfo): Promise<AppBundle> {
    return this.#current.fab(run);
  }

  piece(run: RunInfo, hash: string): Promise<Uint8Array> {
    return this.#current.piece(run, hash);
  }

  leave(): Promise<void> {
    return this.#current.leave();
  }

  close(): void {
    this.#current.close();
  }

  /** Joins, and finds out by the first heartbeat which of the two the SuperLink is. */
  async #create(client: FleetClient, heartbeatInterval: number): Promise<NodeId> {
    this.#whole = undefined;
    const { node } = await client.call(Fleet.method.createNode, { heartbeatInterval })
      .catch((error) => {
        throw explainRefusal(FlwrError.from(error));
      });
    const nodeId = node?.nodeId ?? 0n;
    try {
      await client.heartbeat(nodeId, heartbeatInterval);
    } catch (error) {
      if (!UNKNOWN_CALL.has(FlwrError.from(error).code)) throw error;
      await this.#ping(client, nodeId, heartbeatInterval);
      this.#whole = { client, nodeId };
    }
    return nodeId;
  }

  async #delete(client: FleetClient, nodeId: NodeId): Promise<void> {
    this.#whole = undefined;
    await client.call(Fleet.method.deleteNode, { node: { nodeId } }, { retry: NO_RETRY });
  }

  async #ping(client: FleetClient, nodeId: NodeId, pingInterval: number): Promise<boolean> {
    const request = { node: { nodeId }, pingInterval };
    const options = { timeoutSeconds: HEARTBEAT_DEADLINE_SECONDS };
    const { heartbeats } = this.#options;
    return (await client.call(Fleet.method.ping, request, options, heartbeats)).success;
  }

  /** A pulled message; undefined for another node's, or one that cannot be read: that is answered with an error. */
  async #read(whole: WholeMember, wire: WireMessage): Promise<Message | undefined> {
    const other = wire.metadata?.dstNodeId;
    const { nodeId } = whole;
    if (other !== nodeId) {
      this.#log.warn("An instruction for node {other} is left aside: this is node {nodeId}", {
        other,
        nodeId,
      });
      return undefined;
    }
    try {
      return appMessageFromWire(wire);
    } catch (thrown) {
      const { code, message: reason } = FlwrError.from(thrown);
      if (code !== "invalid-argument") throw thrown;
      const { messageId } = wire.metadata!;
      this.#log.warn("Instruction {messageId} cannot be read: {reason}", { messageId, reason });
      const instruction = new Message({ ...wire.metadata! }, new RecordDict());
      const words = `The SuperNode could not read the instruction: ${reason}`;
      await this.push(instruction.replyError(MessageErrorCode.Unknown, words, this.#options));
      return undefined;
    }
  }
}

/**
 * A SuperLink of 1.19 sends a list of a message's objects where others send their tree. Read as one, it has a message that
 * is made of itself.
 */
function refuse119({ objectId, children }: ObjectTree): void {
  if (!children.some((child) => child.objectId === objectId)) return;
  throw new FlwrError(
    "invalid-argument",
    "The SuperLink runs Flower 1.19, whose wire this node does not speak: use a SuperLink of another version",
  );
}

/** What a refusal means for the one who started the node. */
function explainRefusal(error: FlwrError): FlwrError {
  if (error.code !== "unauthenticated") return error;
  return new FlwrError(error.code, `The SuperLink does not admit the node: ${error.message}`, {
    cause: error,
    hints: [
      "Have the node's public key added to the file behind the SuperLink's --auth-list-public-keys",
      "If the key's last node was killed: a SuperLink of Flower 1.15 to 1.22 admits the key again after its own restart",
    ],
  });
}
