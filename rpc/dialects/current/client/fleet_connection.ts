import { createHash } from "node:crypto";
import type { DescMethod, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import type { AppBundle, FleetConnection, RunInfo } from "../../../../app/connection.ts";
import type { Message } from "../../../../app/message.ts";
import { MessageErrorCode, type NodeId, type RunId } from "../../../../app/metadata.ts";
import { PrivateKey } from "../../../../auth/private_key.ts";
import type { Clock } from "../../../../base/clock.ts";
import { type ErrorCode, FlwrError } from "../../../../base/error.ts";
import { log } from "../../../../base/log.ts";
import type { Random } from "../../../../base/random.ts";
import type { ObjectId } from "../../../../link/message.ts";
import { Fleet, type PullMessagesResponse } from "../../../../proto/gen/current/fleet_pb.ts";
import { ApiError } from "../../../api_error.ts";
import type { CallOptions, Channel } from "../../../channel.ts";
import { NO_RETRY } from "../../../retry.ts";
import { MAX_HOLD_SECONDS } from "../limits.ts";
import { messageFromWire, type MessageHead } from "../message.ts";
import { idsOfTree, treeFromWire } from "../object_tree.ts";
import { runInfoFromWire } from "../run.ts";
import {
  CALL_DEADLINE_SECONDS,
  HEARTBEAT_DEADLINE_SECONDS,
  HELD_PULL_SECONDS,
  MAX_OBJECTS_IN_FLIGHT,
  MAX_PUSH_ATTEMPTS,
  pollWait,
  PULL_DEADLINE_SECONDS,
  PUSH_DEADLINE_SECONDS,
} from "./limits.ts";
import { type DeflatedMessage, deflateMessages, inflateMessage } from "./message_objects.ts";
import { NodeCredentials, OWN_KEY_CURVE } from "./node_credentials.ts";
import { pullObjects } from "./object_transfer.ts";
import { Parallel } from "./parallel.ts";

/** What a node's line to its SuperLink works with. */
export interface CurrentFleetConnectionOptions {
  readonly channel: Channel;
  /**
   * A connection of their own for heartbeats, which must not wait behind a model on its way; `channel` by default, which
   * is enough over HTTP/1.1, where each call has a connection.
   */
  readonly heartbeats?: Channel;
  /** The key that the SuperLink knows the node by; without one the node makes a key and registers itself. */
  readonly key?: PrivateKey;
  readonly clock: Clock;
  readonly random: Random;
}

/** What can be wrong with the objects of one message, and does not concern the next. */
const BROKEN_CONTENT: ReadonlySet<ErrorCode> = new Set([
  "not-found",
  "data-loss",
  "invalid-argument",
  "resource-exhausted",
]);

/**
 * A SuperNode's line to a SuperLink of Flower 1.15 and later, or of ours, over gRPC or HTTP.
 *
 * A pull lasts as long as ours holds it: a SuperLink that answers at once is polled within it.
 */
export class CurrentFleetConnection implements FleetConnection {
  readonly #options: CurrentFleetConnectionOptions;
  readonly #objects = new Parallel(MAX_OBJECTS_IN_FLIGHT);
  readonly #log = log("fleet");
  #credentials: NodeCredentials | undefined;
  #nodeId: NodeId | undefined;

  constructor(options: CurrentFleetConnectionOptions) {
    this.#options = options;
  }

  async join(heartbeatInterval: number): Promise<NodeId> {
    this.#credentials ??= await this.#makeCredentials();
    const { publicKey } = this.#credentials;
    if (this.#options.key === undefined) await this.#register(publicKey);
    const { nodeId } = await this.#call(
      Fleet.method.activateNode,
      { publicKey, heartbeatInterval },
      { timeoutSeconds: CALL_DEADLINE_SECONDS },
    ).catch((error) => {
      throw this.#explainRefusal(FlwrError.from(error));
    });
    if (nodeId === 0n) throw new FlwrError("internal", "The SuperLink gave the node no id");
    this.#nodeId = nodeId;
    return nodeId;
  }

  async heartbeat(heartbeatInterval: number): Promise<boolean> {
    const { success } = await this.#call(
      Fleet.method.sendNodeHeartbeat,
      { node: this.#node(), heartbeatInterval },
      { timeoutSeconds: HEARTBEAT_DEADLINE_SECONDS },
      this.#options.heartbeats,
    );
    return success;
  }

  async pull(signal?: AbortSignal): Promise<Message | undefined> {
    const { clock, random } = this.#options;
    const start = clock.now();
    for (let emptyAnswers = 1;; emptyAnswers++) {
      const asked = clock.now();
      const answer = await this.#call(
        Fleet.method.pullMessages,
        { node: this.#node() },
        { timeoutSeconds: PULL_DEADLINE_SECONDS, ...(signal && { signal }) },
      );
      const message = await this.#receive(answer, signal);
      const now = clock.now();
      const over = now - start >= MAX_HOLD_SECONDS || signal?.aborted;
      if (message !== undefined || over || now - asked >= HELD_PULL_SECONDS) return message;
      await clock.sleep(pollWait(emptyAnswers, random.uniform()), signal);
      if (signal?.aborted) return undefined;
    }
  }

  async push(reply: Message, clientAppSeconds = 0): Promise<void> {
    const [deflated] = await deflateMessages([reply]);
    for (let attempt = 1; attempt <= MAX_PUSH_ATTEMPTS; attempt++) {
      if (await this.#pushOnce(deflated!, reply.metadata.runId, clientAppSeconds)) return;
    }
    throw new FlwrError(
      "data-loss",
      `The SuperLink did not store the reply's objects in ${MAX_PUSH_ATTEMPTS} tries`,
    );
  }

  async run(runId: RunId): Promise<RunInfo | undefined> {
    try {
      const { run } = await this.#call(
        Fleet.method.getRun,
        { node: this.#node(), runId },
        { timeoutSeconds: CALL_DEADLINE_SECONDS },
      );
      return run && run.runId === runId ? runInfoFromWire(run) : undefined;
    } catch (error) {
      if (error instanceof ApiError && error.api === "run-denied") return undefined;
      throw error;
    }
  }

  async fab({ runId, fabHash }: RunInfo): Promise<AppBundle> {
    const { fab } = await this.#call(
      Fleet.method.getFab,
      { node: this.#node(), hashStr: fabHash, runId },
      { timeoutSeconds: PUSH_DEADLINE_SECONDS },
    );
    if (fab === undefined) {
      throw new FlwrError("not-found", `The SuperLink has no app bundle "${fabHash}"`);
    }
    const { content, verifications } = fab;
    const hash = createHash("sha256").update(content).digest("hex");
    if (hash !== fabHash) {
      throw new FlwrError(
        "data-loss",
        `The SuperLink sent another app bundle than the run's: its hash is "${hash}", expected "${fabHash}"`,
      );
    }
    return { hash, content, verifications };
  }

  async leave(): Promise<void> {
    const nodeId = this.#nodeId;
    if (nodeId === undefined) return;
    const once: CallOptions = { timeoutSeconds: CALL_DEADLINE_SECONDS, retry: NO_RETRY };
    await this.#call(Fleet.method.deactivateNode, { nodeId }, once);
    if (this.#options.key === undefined) {
      await this.#call(Fleet.method.unregisterNode, { nodeId }, once);
      // An unregistered key is never admitted again.
      this.#credentials = undefined;
    }
    this.#nodeId = undefined;
  }

  close(): void {
    this.#options.channel.close();
    this.#options.heartbeats?.close();
  }

  async #makeCredentials(): Promise<NodeCredentials> {
    const { key, clock } = this.#options;
    return new NodeCredentials(key ?? await PrivateKey.generate(OWN_KEY_CURVE), clock);
  }

  async #register(publicKey: Uint8Array): Promise<void> {
    try {
      await this.#call(
        Fleet.method.registerNode,
        { publicKey },
        { timeoutSeconds: CALL_DEADLINE_SECONDS },
      );
    } catch (thrown) {
      const error = FlwrError.from(thrown);
      // Nobody else has this key: an earlier call registered it, whose answer was lost.
      if (error.code !== "already-exists") throw this.#explainRefusal(error);
    }
  }

  /** The message of an answer with its content, if there is one. */
  async #receive(
    { messagesList: [wire], messageObjectTrees: [tree] }: PullMessagesResponse,
    signal: AbortSignal | undefined,
  ): Promise<Message | undefined> {
    if (wire === undefined || tree === undefined) return undefined;
    const head = messageFromWire(wire);
    const { messageId, dstNodeId, runId } = head;
    if (dstNodeId !== this.#nodeId) {
      this.#log.warn("An instruction for node {other} is left aside: this is node {nodeId}", {
        other: dstNodeId,
        nodeId: this.#nodeId,
      });
      return undefined;
    }
    const node = this.#node();
    const { clock } = this.#options;
    try {
      const ids = idsOfTree(messageId, treeFromWire(tree));
      const objects = await pullObjects(ids, {
        pull: (id) => this.#pullObject(node, runId, id, signal),
        parallel: this.#objects,
        clock,
        signal,
      });
      const root = objects.get(messageId);
      if (root === undefined) {
        throw new FlwrError("invalid-argument", `Object "${messageId}" is not in its own tree`);
      }
      const message = inflateMessage(root, (id) => objects.get(id));
      this.#confirm(node, runId, messageId);
      return message;
    } catch (error) {
      await this.#giveUp(head, FlwrError.from(error));
      return undefined;
    }
  }

  /** An instruction whose content cannot be had is answered, so that its ServerApp does not wait for ever. */
  async #giveUp(head: MessageHead, error: FlwrError): Promise<void> {
    if (!BROKEN_CONTENT.has(error.code)) throw error;
    const { messageId } = head;
    this.#log.warn("Instruction {messageId} could not be fetched: {reason}", {
      messageId,
      reason: error.message,
    });
  }

  async #pullObject(
    node: { nodeId: bigint },
    runId: RunId,
    objectId: ObjectId,
    signal: AbortSignal | undefined,
  ) {
    const { objectFound: found, objectAvailable, objectContent } = await this.#call(
      Fleet.method.pullObject,
      { node, runId, objectId },
      { timeoutSeconds: PUSH_DEADLINE_SECONDS, ...(signal && { signal }) },
    );
    return { found, ...(objectAvailable && { bytes: objectContent }) };
  }

  /** Nothing waits for the confirmation: the SuperLink only learns from it what it need not keep. */
  #confirm(node: { nodeId: bigint }, runId: RunId, messageObjectId: ObjectId): void {
    this.#call(
      Fleet.method.confirmMessageReceived,
      { node, runId, messageObjectId },
      { timeoutSeconds: CALL_DEADLINE_SECONDS },
    ).catch((error) => {
      this.#log.debug("Confirming {messageId} failed: {reason}", {
        messageId: messageObjectId,
        reason: FlwrError.from(error).message,
      });
    });
  }

  /** Announces the reply and pushes what the SuperLink does not have. @returns whether it took all */
  async #pushOnce(
    { wire, tree, objects }: DeflatedMessage,
    runId: RunId,
    clientAppSeconds: number,
  ): Promise<boolean> {
    const node = this.#node();
    const { objectsToPush, sessionId } = await this.#call(
      Fleet.method.pushMessages,
      {
        node,
        messagesList: [wire],
        messageObjectTrees: [tree],
        clientappRuntimeList: [clientAppSeconds],
      },
      { timeoutSeconds: CALL_DEADLINE_SECONDS },
    );
    const wanted = objectsToPush.flatMap((id) => objects.get(id) ?? []);
    const answers = await this.#objects.map(wanted, ({ id, bytes }) =>
      this.#call(
        Fleet.method.pushObject,
        { node, runId, objectId: id, objectContent: bytes, sessionId },
        { timeoutSeconds: PUSH_DEADLINE_SECONDS },
      ));
    return answers.every(({ stored }) => stored);
  }

  /** What a refusal means for whoever started the node. */
  #explainRefusal(error: FlwrError): FlwrError {
    const hints = {
      "registration-by-node-refused": [
        "This SuperLink admits known keys only: give --auth-supernode-private-key",
      ],
      "public-key-invalid": [
        "Have this node's public key registered: flwr supernode register, or --auth-list-public-keys of the SuperLink",
      ],
    };
    if (!(error instanceof ApiError) || !(error.api in hints)) return error;
    const key = this.#credentials?.fingerprint;
    return new FlwrError(error.code, `${error.message} (key ${key})`, {
      cause: error,
      hints: hints[error.api as keyof typeof hints],
    });
  }

  #node(): { nodeId: bigint } {
    if (this.#nodeId !== undefined) return { nodeId: this.#nodeId };
    throw new FlwrError("failed-precondition", "The node has not joined the SuperLink");
  }

  async #call<M extends DescMethod>(
    method: M,
    request: MessageInitShape<M["input"]>,
    options: CallOptions,
    channel: Channel = this.#options.channel,
  ): Promise<MessageShape<M["output"]>> {
    const credentials = this.#credentials;
    const { response } = await channel.call(method, request, {
      ...options,
      ...(credentials && { metadata: () => credentials.headers() }),
    });
    return response;
  }
}
