import type { AppBundle, FleetConnection, RunInfo } from "../../../../app/connection.ts";
import { Message } from "../../../../app/message.ts";
import { MessageErrorCode, type NodeId, type RunId } from "../../../../entities/metadata.ts";
import { RecordDict } from "../../../../app/record_dict.ts";
import { PrivateKey } from "../../../../auth/private_key.ts";
import type { Clock } from "../../../../base/clock.ts";
import { FlwrError } from "../../../../base/error.ts";
import { log } from "../../../../base/log.ts";
import { sha256Hex } from "../../../../base/platform.ts";
import type { Random } from "../../../../base/random.ts";
import type { LinkObject } from "../../../../entities/object.ts";
import type { AlongResponse } from "../../../../proto/gen/current/along_pb.ts";
import type { PullMessagesResponse } from "../../../../proto/gen/current/fleet_pb.ts";
import type { ObjectTree as WireTree } from "../../../../proto/gen/current/message_pb.ts";
import { ApiError } from "../../../api_error.ts";
import type { Channel } from "../../../channel.ts";
import { alongBytes, packAlong, readAlong } from "../along.ts";
import { messageFromWire, type MessageHead } from "../message.ts";
import { idsOfTree, treeFromWire } from "../object_tree.ts";
import { runInfoFromWire } from "../run.ts";
import { FleetClient } from "./fleet_client.ts";
import { KeptObjects } from "./kept_objects.ts";
import { MAX_OBJECTS_IN_FLIGHT, MAX_PUSH_ATTEMPTS } from "./limits.ts";
import { type DeflatedMessage, deflateMessages } from "./message_objects.ts";
import { NodeCredentials, OWN_KEY_CURVE } from "./node_credentials.ts";
import { BROKEN_MESSAGE, receiveMessage } from "./object_transfer.ts";
import { Parallel } from "./parallel.ts";
import { longPoll } from "./poll.ts";

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
  /** What the node calls itself; default: nothing. SuperLinks of ours alone understand it. */
  readonly name?: string;
  /** How the node joins and leaves; by ActivateNode and DeactivateNode by default. */
  readonly membership?: NodeMembership;
  /** Looks at the tree of each message that is pulled, and throws a FlwrError where it is none. */
  readonly checkTree?: (tree: WireTree) => void;
  readonly clock: Clock;
  readonly random: Random;
}

/** How a node joins its SuperLink and leaves it. */
export interface NodeMembership {
  /** @param heartbeatInterval seconds */
  join(client: FleetClient, heartbeatInterval: number): Promise<NodeId>;
  /** Tried once: a node that stops does not wait. */
  leave(client: FleetClient, nodeId: NodeId): Promise<void>;
}

/** A node that has joined. */
interface Member {
  readonly client: FleetClient;
  readonly nodeId: NodeId;
  /** Bytes of objects that the SuperLink takes along with a push, as its last answer said; 0 where it knows of none. */
  takesBytes: number;
}

/**
 * A SuperNode's line to a SuperLink of Flower 1.23 and later, or of ours, over gRPC or HTTP.
 *
 * A pull lasts as long as our SuperLink holds it: one that answers at once is polled meanwhile.
 */
export class CurrentFleetConnection implements FleetConnection {
  readonly #options: CurrentFleetConnectionOptions;
  readonly #membership: NodeMembership;
  readonly #objects = new Parallel(MAX_OBJECTS_IN_FLIGHT);
  readonly #kept = new KeptObjects();
  readonly #log = log("fleet");
  #client: FleetClient | undefined;
  #member: Member | undefined;

  constructor(options: CurrentFleetConnectionOptions) {
    this.#options = options;
    this.#membership = options.membership ?? currentMembership(options.key === undefined);
  }

  async join(heartbeatInterval: number): Promise<NodeId> {
    const client = this.#client ??= await this.#openClient();
    const nodeId = await this.#membership.join(client, heartbeatInterval);
    if (nodeId === 0n) throw new FlwrError("internal", "The SuperLink gave the node no id");
    this.#member = { client, nodeId, takesBytes: 0 };
    return nodeId;
  }

  async heartbeat(heartbeatInterval: number): Promise<boolean> {
    const { client, nodeId } = this.#joined();
    return await client.heartbeat(nodeId, heartbeatInterval);
  }

  async pull(signal?: AbortSignal): Promise<Message | undefined> {
    const member = this.#joined();
    return await longPoll(this.#options, signal, async () => {
      const answer = await member.client.pullMessages(member.nodeId, {
        holds: this.#kept.holds,
        ...(signal && { signal }),
      });
      member.takesBytes = alongBytes(answer.along?.takesBytes ?? 0n);
      const message = await this.#receive(member, answer, signal);
      if (message === undefined) this.#kept.expire(this.#options.clock.now());
      return message;
    });
  }

  async push(reply: Message, clientAppSeconds = 0): Promise<void> {
    const member = this.#joined();
    const [deflated] = await deflateMessages([reply]);
    for (let attempt = 1; attempt <= MAX_PUSH_ATTEMPTS; attempt++) {
      // What was brought once is there, or asked for.
      const along = member.takesBytes > 0 && attempt === 1
        ? packAlong(this.#unknownOf(deflated!), member.takesBytes)
        : undefined;
      if (await this.#pushOnce(member, deflated!, clientAppSeconds, along)) return;
    }
    throw new FlwrError(
      "data-loss",
      `The SuperLink did not store the reply's objects in ${MAX_PUSH_ATTEMPTS} tries`,
    );
  }

  async run(runId: RunId): Promise<RunInfo | undefined> {
    const { client, nodeId } = this.#joined();
    try {
      const run = await client.run(nodeId, runId);
      return run?.runId === runId ? runInfoFromWire(run) : undefined;
    } catch (error) {
      if (error instanceof ApiError && error.api === "run-denied") return undefined;
      throw error;
    }
  }

  fab(run: RunInfo): Promise<AppBundle> {
    return this.#getFab(run, run.fabHash, "app bundle");
  }

  async piece(run: RunInfo, hash: string): Promise<Uint8Array> {
    return (await this.#getFab(run, hash, "piece of an attachment")).content;
  }

  async #getFab({ runId }: RunInfo, expected: string, what: string): Promise<AppBundle> {
    const { client, nodeId } = this.#joined();
    const fab = await client.fab(nodeId, runId, expected);
    if (fab === undefined) {
      throw new FlwrError("not-found", `The SuperLink has no ${what} "${expected}"`);
    }
    const { content, verifications } = fab;
    const hash = sha256Hex(content);
    if (hash === expected) return { hash, content, verifications };
    throw new FlwrError(
      "data-loss",
      `The SuperLink sent another ${what} than the run's: its hash is "${hash}", expected "${expected}"`,
    );
  }

  async leave(): Promise<void> {
    const member = this.#member;
    if (member === undefined) return;
    this.#member = undefined;
    // A key of the node's own making is never admitted again.
    if (this.#options.key === undefined) this.#client = undefined;
    await this.#membership.leave(member.client, member.nodeId);
  }

  close(): void {
    this.#options.channel.close();
    this.#options.heartbeats?.close();
  }

  async #openClient(): Promise<FleetClient> {
    const { channel, heartbeats = channel, clock, name } = this.#options;
    const key = this.#options.key ?? await PrivateKey.generate(OWN_KEY_CURVE);
    const credentials = new NodeCredentials(key, clock);
    return new FleetClient({
      channel,
      heartbeats,
      credentials,
      ...(name !== undefined && { name }),
    });
  }

  #joined(): Member {
    if (this.#member !== undefined) return this.#member;
    throw new FlwrError("failed-precondition", "The node has not joined the SuperLink");
  }

  /** The message of an answer with its content; undefined when there is none, or it cannot be had. */
  async #receive(
    member: Member,
    { messagesList: [wire], messageObjectTrees: [tree], along }: PullMessagesResponse,
    signal: AbortSignal | undefined,
  ): Promise<Message | undefined> {
    if (wire === undefined || tree === undefined) return undefined;
    this.#options.checkTree?.(tree);
    const head = messageFromWire(wire);
    if (head.dstNodeId !== member.nodeId) {
      this.#log.warn("An instruction for node {other} is left aside: this is node {nodeId}", {
        other: head.dstNodeId,
        nodeId: member.nodeId,
      });
      return undefined;
    }
    try {
      const message = await this.#fetch(member, head, { tree, along }, signal);
      // Where objects travel with messages, the reply says that the instruction has come.
      if (along === undefined) this.#confirm(member, head);
      return message;
    } catch (thrown) {
      const error = FlwrError.from(thrown);
      if (!BROKEN_MESSAGE.has(error.code)) throw error;
      await this.#refuse(head, error);
      return undefined;
    }
  }

  async #fetch(
    { client, nodeId }: Member,
    { messageId, runId }: MessageHead,
    { tree: wireTree, along }: { readonly tree: WireTree; readonly along?: AlongResponse },
    signal: AbortSignal | undefined,
  ): Promise<Message> {
    const tree = treeFromWire(wireTree);
    const ids = idsOfTree(wireTree.objectId, tree);
    const { message, objects } = await receiveMessage(messageId, ids, {
      there: (id) => this.#kept.get(id),
      along: readAlong(along?.objects ?? [], (id) => tree.has(id)),
      pull: (id) => client.pullObject(nodeId, runId, id, signal),
      parallel: this.#objects,
      clock: this.#options.clock,
      signal,
    });
    this.#kept.keep(messageId, objects, this.#options.clock.now());
    return message;
  }

  /** Nothing waits for the confirmation: the SuperLink only learns from it what it need not keep. */
  #confirm({ client, nodeId }: Member, { runId, messageId }: MessageHead): void {
    client.confirm(nodeId, runId, messageId).catch((error) => {
      const { message: reason } = FlwrError.from(error);
      this.#log.debug("Confirming {messageId} failed: {reason}", { messageId, reason });
    });
  }

  /** Answers an instruction whose content cannot be had, so that its ServerApp does not wait for the reply. */
  async #refuse(head: MessageHead, { message: reason }: FlwrError): Promise<void> {
    const { messageId } = head;
    this.#log.warn("Instruction {messageId} cannot be read: {reason}", { messageId, reason });
    const words = `The SuperNode could not read the instruction: ${reason}`;
    const instruction = new Message(head, new RecordDict());
    await this.push(instruction.replyError(MessageErrorCode.Unknown, words, this.#options))
      .catch((error) => {
        this.#log.debug("The SuperLink did not take the error reply to {messageId}: {reason}", {
          messageId,
          reason: FlwrError.from(error).message,
        });
      });
  }

  /** The objects of a reply that were not in the instruction, which the SuperLink has. */
  #unknownOf({ objects }: DeflatedMessage): LinkObject[] {
    return [...objects.values()].filter(({ id }) => !this.#kept.has(id));
  }

  /**
   * Announces the reply and pushes what the SuperLink does not have.
   *
   * @param objects what goes along with the announcement, where the SuperLink takes something
   * @returns whether it took all
   */
  async #pushOnce(
    member: Member,
    deflated: DeflatedMessage,
    clientAppSeconds: number,
    objects: ReturnType<typeof packAlong> | undefined,
  ): Promise<boolean> {
    const { client, nodeId } = member;
    const runId = deflated.wire.metadata!.runId;
    const along = objects && { objects };
    const announced = await client.pushMessage(nodeId, deflated, clientAppSeconds, along);
    if (objects !== undefined) member.takesBytes = alongBytes(announced.along?.takesBytes ?? 0n);
    const { objectsToPush, sessionId } = announced;
    const wanted = objectsToPush.flatMap((id) => deflated.objects.get(id) ?? []);
    const stored = await this.#objects.map(
      wanted,
      (object) => client.pushObject(nodeId, runId, sessionId, object),
    );
    return stored.every((one) => one);
  }
}

/** @param registers whether the node makes its key known, and takes it back when it leaves */
function currentMembership(registers: boolean): NodeMembership {
  return {
    async join(client, heartbeatInterval) {
      if (registers) await registerItself(client);
      return await client.activate(heartbeatInterval).catch((error) => {
        throw explainRefusal(FlwrError.from(error));
      });
    },
    async leave(client, nodeId) {
      await client.deactivate(nodeId);
      if (registers) await client.unregister(nodeId);
    },
  };
}

async function registerItself(client: FleetClient): Promise<void> {
  try {
    await client.register();
  } catch (thrown) {
    const error = FlwrError.from(thrown);
    // Nobody else has this key: an earlier call registered it, whose answer was lost.
    if (error.code !== "already-exists") throw explainRefusal(error);
  }
}

/** What a refusal means for whoever started the node. */
function explainRefusal(error: FlwrError): FlwrError {
  if (!(error instanceof ApiError)) return error;
  switch (error.api) {
    case "registration-by-node-refused":
      return new FlwrError(error.code, error.message, {
        cause: error,
        hints: [
          "This SuperLink admits known keys only: give this node one by --auth-supernode-private-key",
        ],
      });
    case "public-key-invalid":
      return new FlwrError(error.code, error.message, {
        cause: error,
        hints: [
          "Have the node's public key registered: flwr supernode register",
          "Or have it added to the file behind the SuperLink's --auth-list-public-keys",
        ],
      });
    default:
      return error;
  }
}
