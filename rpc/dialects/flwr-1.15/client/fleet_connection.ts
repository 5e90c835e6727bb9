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

/** Error codes of such a SuperLink for an unknown call. Up to 1.18 its authentication fails on it. */
const UNKNOWN_CALL: ReadonlySet<ErrorCode> = new Set(["unimplemented", "internal"]);

/** A node that has joined a SuperLink which sends whole messages. */
interface WholeMember {
  readonly client: FleetClient;
  readonly nodeId: NodeId;
}

/**
 * A SuperNode's connection to a SuperLink of Flower 1.15 to 1.22, over gRPC. These versions have their own calls to
 * join and leave. From 1.20 on, everything else is as in current Flower. Up to 1.18, messages are sent whole and the
 * heartbeat has another name.
 */
export class OlderFleetConnection implements FleetConnection {
  readonly #options: CurrentFleetConnectionOptions;
  readonly #current: CurrentFleetConnection;
  readonly #log = log("fleet");
  /** Set if messages are sent whole. */
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

  /** Joins. @throws FlwrError "unauthenticated" if the key is not admitted, or still counts as online */
  async join(heartbeatInterval: number): Promise<NodeId> {
    // Such a SuperLink does not accept a key twice, so an earlier session must end first.
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

  /** Joins, and detects by the first heartbeat which kind of SuperLink it is. */
  async #create(client: FleetClient, heartbeatInterval: number): Promise<NodeId> {
    this.#whole = undefined;
    const { node } = await client.call(Fleet.method.createNode, { heartbeatInterval })
      .catch((error) => {
        throw explainJoinRefusal(FlwrError.from(error));
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

  /**
   * Reads a pulled message. Returns undefined for another node's message, and for a malformed one, which gets an
   * error reply.
   */
  async #read(whole: WholeMember, wire: WireMessage): Promise<Message | undefined> {
    const other = wire.metadata?.dstNodeId;
    const { nodeId } = whole;
    if (other !== nodeId) {
      this.#log.warn("Ignored an instruction for node {other}: this is node {nodeId}", {
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
      const text = `The SuperNode could not read the instruction: ${reason}`;
      await this.push(instruction.replyError(MessageErrorCode.Unknown, text, this.#options));
      return undefined;
    }
  }
}

/**
 * Refuses SuperLinks of Flower 1.19. In the place of a message's object tree they send a list of its objects. Read as
 * a tree, that list has a message that contains itself.
 */
function refuse119({ objectId, children }: ObjectTree): void {
  if (!children.some((child) => child.objectId === objectId)) return;
  throw new FlwrError(
    "invalid-argument",
    "The SuperLink runs Flower 1.19, whose protocol is not supported: use a SuperLink of another version",
  );
}

/** Adds hints for the node's owner to a refusal. */
function explainJoinRefusal(error: FlwrError): FlwrError {
  if (error.code !== "unauthenticated") return error;
  return new FlwrError(error.code, `The SuperLink does not admit the node: ${error.message}`, {
    cause: error,
    hints: [
      "Ask the SuperLink's owner to add this node's public key to the file given to --auth-list-public-keys",
      "If the key's last node was killed, restart the SuperLink: Flower 1.15 to 1.22 admits the key again only then",
    ],
  });
}
