import type { DescMethod, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { AppBundle, FleetConnection, RunInfo } from "../../../../app/connection.ts";
import type { Message } from "../../../../app/message.ts";
import type { NodeId } from "../../../../entities/metadata.ts";
import { type Clock, systemClock } from "../../../../base/clock.ts";
import { FlwrError } from "../../../../base/error.ts";
import { log } from "../../../../base/log.ts";
import { type Random, systemRandom } from "../../../../base/random.ts";
import { Fleet } from "../../../../proto/gen/flwr-1.9/fleet_pb.ts";
import type { CallOptions, Channel } from "../../../channel.ts";
import { NO_RETRY } from "../../../retry.ts";
import { longPoll } from "../../current/client/poll.ts";
import { CALL_DEADLINE_SECONDS, PULL_DEADLINE_SECONDS, PUSH_DEADLINE_SECONDS } from "../limits.ts";
import { nodeFromWire, nodeToWire } from "../node_id.ts";
import { type NodeIdentity, TokenCredentials } from "./credentials.ts";
import { messageFromWire, replyToWire } from "./task.ts";

/** Deadline in seconds of a heartbeat (Flower 1.9: 5): the next one is due soon. */
const HEARTBEAT_DEADLINE_SECONDS = 5;

/** Key of a refused result in PushTaskResResponse.results (Flower 1.9). */
const REFUSED_RESULT_KEY = "None";

/** Clock and randomness of a connection's waits. */
export interface PollTiming {
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * A SuperNode's connection to a SuperLink of Flower 1.8 to 1.14. Pulls with {@link longPoll}, because Flower's own
 * SuperLink responds at once.
 */
export class FleetConnection19 implements FleetConnection {
  readonly #channel: Channel;
  readonly #name: string;
  readonly #waiting: PollTiming;
  readonly #credentials: TokenCredentials | undefined;
  readonly #log = log("fleet");
  #nodeId: NodeId | undefined;

  /**
   * @param identity without it calls are not authenticated
   * @param name the node's name; none by default
   * @param waiting the system's clock and randomness by default
   */
  constructor(
    channel: Channel,
    identity?: NodeIdentity,
    name = "",
    waiting: PollTiming = { clock: systemClock, random: systemRandom },
  ) {
    this.#channel = channel;
    this.#waiting = waiting;
    this.#name = name;
    this.#credentials = identity && new TokenCredentials(identity);
  }

  async join(heartbeatInterval: number): Promise<NodeId> {
    const headers = this.#credentials?.joinHeaders();
    const { response, header } = await this.#channel.call(
      Fleet.method.createNode,
      { pingInterval: heartbeatInterval, name: this.#name },
      {
        timeoutSeconds: CALL_DEADLINE_SECONDS,
        ...(headers && { metadata: () => Promise.resolve(headers) }),
      },
    ).catch((error) => {
      throw this.#explainDenial(FlwrError.from(error));
    });
    await this.#credentials?.accept(header("public-key"));
    const nodeId = nodeFromWire(response.node);
    if (nodeId === undefined || response.node?.anonymous) {
      throw new FlwrError("internal", "The SuperLink gave the node no id");
    }
    this.#nodeId = nodeId;
    return nodeId;
  }

  async heartbeat(heartbeatInterval: number): Promise<boolean> {
    const { success } = await this.#call(
      Fleet.method.ping,
      { node: this.#node(), pingInterval: heartbeatInterval },
      { timeoutSeconds: HEARTBEAT_DEADLINE_SECONDS },
    );
    return success;
  }

  async pull(signal?: AbortSignal): Promise<Message | undefined> {
    return await longPoll(this.#waiting, signal, () => this.#pullOnce(signal));
  }

  async #pullOnce(signal: AbortSignal | undefined): Promise<Message | undefined> {
    const { taskInsList: [taskIns] } = await this.#call(
      Fleet.method.pullTaskIns,
      { node: this.#node() },
      { timeoutSeconds: PULL_DEADLINE_SECONDS, ...(signal && { signal }) },
    );
    if (taskIns === undefined) return undefined;
    const pulled = messageFromWire(taskIns);
    if (pulled.metadata.dstNodeId !== this.#nodeId) {
      this.#log.warn("Ignored an instruction for node {other}: this is node {nodeId}", {
        other: pulled.metadata.dstNodeId,
        nodeId: this.#nodeId,
      });
      return undefined;
    }
    return pulled;
  }

  async push(reply: Message): Promise<void> {
    const instructionId = reply.metadata.replyToMessageId;
    const { results } = await this.#call(
      Fleet.method.pushTaskRes,
      { taskResList: [replyToWire(reply)] },
      { timeoutSeconds: PUSH_DEADLINE_SECONDS },
    );
    if (Object.hasOwn(results, REFUSED_RESULT_KEY)) {
      this.#log.warn("The SuperLink refused the reply to {instructionId}. Its log has the reason", {
        instructionId,
      });
    }
  }

  /** Always undefined: Flower 1.9 sends no information about runs. */
  run(): Promise<RunInfo | undefined> {
    return Promise.resolve(undefined);
  }

  fab({ fabId }: RunInfo): Promise<AppBundle> {
    return Promise.reject(
      new FlwrError("unimplemented", `App "${fabId}" cannot be fetched: Flower 1.9 sends no apps`),
    );
  }

  piece(run: RunInfo): Promise<Uint8Array> {
    return this.fab(run).then(({ content }) => content);
  }

  async leave(): Promise<void> {
    if (this.#nodeId === undefined) return;
    await this.#call(
      Fleet.method.deleteNode,
      { node: this.#node() },
      { timeoutSeconds: CALL_DEADLINE_SECONDS, retry: NO_RETRY },
    );
    this.#nodeId = undefined;
  }

  close(): void {
    this.#channel.close();
  }

  /** Adds the likely cause to the SuperLink's "Access denied". */
  #explainDenial(error: FlwrError): FlwrError {
    if (error.code !== "unauthenticated") return error;
    const key = this.#credentials?.fingerprint;
    return new FlwrError(
      error.code,
      key === undefined ? error.message : `${error.message} for key ${key}`,
      {
        cause: error,
        hints: key === undefined
          ? [
            "This SuperLink admits only known keys: give --auth-supernode-private-key and --auth-supernode-public-key",
          ]
          : [
            "Ask the SuperLink's owner to add this node's public key to the file given to --auth-list-public-keys",
          ],
      },
    );
  }

  #node() {
    if (this.#nodeId !== undefined) return nodeToWire(this.#nodeId);
    throw new FlwrError("failed-precondition", "The node has not joined the SuperLink");
  }

  async #call<M extends DescMethod>(
    method: M,
    request: MessageInitShape<M["input"]>,
    options: CallOptions,
  ): Promise<MessageShape<M["output"]>> {
    const credentials = this.#credentials;
    const { response } = await this.#channel.call(method, request, {
      ...options,
      ...(credentials && { metadata: (bytes) => credentials.callHeaders(method.input, bytes) }),
    });
    return response;
  }
}
