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

/** Most responses about begun runs that one pull follows up at once. */
export const MAX_HINTS = 16;

/** Options of a {@link CurrentFleetConnection}. */
export interface CurrentFleetConnectionOptions {
  readonly channel: Channel;
  /**
   * Separate connection for heartbeats, which must not wait behind a large transfer. Default: `channel`, which is
   * enough over HTTP/1.1, because each call there has its own connection.
   */
  readonly heartbeats?: Channel;
  /** The node's key, known to the SuperLink. Without one the node generates a key and registers itself. */
  readonly key?: PrivateKey;
  /** The node's name; none by default. Only our SuperLinks read it. */
  readonly name?: string;
  /** How the node joins and leaves; with ActivateNode and DeactivateNode by default. */
  readonly membership?: NodeMembership;
  /** Called with a run that has begun: its instructions may follow soon (default: the SuperLink does not report any). */
  readonly onRunBegun?: (runId: RunId) => void;
  /** Checks the tree of each pulled message, and throws a FlwrError for an invalid one. */
  readonly checkTree?: (tree: WireTree) => void;
  readonly clock: Clock;
  readonly random: Random;
}

/** How a node joins its SuperLink and leaves it. */
export interface NodeMembership {
  /** Joins. @param heartbeatInterval seconds */
  join(client: FleetClient, heartbeatInterval: number): Promise<NodeId>;
  /** Leaves, without retries, because a stopping node does not wait. */
  leave(client: FleetClient, nodeId: NodeId): Promise<void>;
}

/** A node that has joined. */
interface Member {
  readonly client: FleetClient;
  readonly nodeId: NodeId;
  /** Bytes of objects that the SuperLink accepts inline with a push, from its last response; 0 if it accepts none. */
  takesBytes: number;
}

/**
 * A SuperNode's connection to a SuperLink of Flower 1.23 and later, or to ours, over gRPC or HTTP.
 *
 * A pull lasts as long as our SuperLink holds one open. A SuperLink that responds at once is polled for that time.
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
    const { onRunBegun } = this.#options;
    return await longPoll(this.#options, signal, async () => {
      // A response that names a run came early, so the next pull follows at once. Limited, because a SuperLink that gives
      // many such responses is polled like one that does not hold pulls.
      for (let hints = 0;; hints++) {
        const answer = await member.client.pullMessages(member.nodeId, {
          holds: this.#kept.holds,
          hearsOfRuns: onRunBegun !== undefined,
          ...(signal && { signal }),
        });
        member.takesBytes = alongBytes(answer.along?.takesBytes ?? 0n);
        const begun = answer.along?.begunRun ?? 0n;
        if (begun !== 0n) onRunBegun?.(begun);
        const message = await this.#receive(member, answer, signal);
        if (message === undefined) this.#kept.expire(this.#options.clock.now());
        if (message !== undefined || begun === 0n || hints === MAX_HINTS || signal?.aborted) {
          return message;
        }
      }
    });
  }

  async push(reply: Message, clientAppSeconds = 0): Promise<void> {
    const member = this.#joined();
    const [deflated] = await deflateMessages([reply]);
    for (let attempt = 1; attempt <= MAX_PUSH_ATTEMPTS; attempt++) {
      // After the first attempt the SuperLink has the inline objects, or asks for them.
      const along = member.takesBytes > 0 && attempt === 1
        ? packAlong(this.#unknownOf(deflated!), member.takesBytes)
        : undefined;
      if (await this.#pushOnce(member, deflated!, clientAppSeconds, along)) return;
    }
    throw new FlwrError(
      "data-loss",
      `The SuperLink did not store the reply's objects in ${MAX_PUSH_ATTEMPTS} attempts`,
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
    // A key that the node generated is never admitted again.
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

  /** The message of a response, with its content; undefined if there is none, or it cannot be fetched. */
  async #receive(
    member: Member,
    { messagesList: [wire], messageObjectTrees: [tree], along }: PullMessagesResponse,
    signal: AbortSignal | undefined,
  ): Promise<Message | undefined> {
    if (wire === undefined || tree === undefined) return undefined;
    this.#options.checkTree?.(tree);
    const head = messageFromWire(wire);
    if (head.dstNodeId !== member.nodeId) {
      this.#log.warn("Ignored an instruction for node {other}: this is node {nodeId}", {
        other: head.dstNodeId,
        nodeId: member.nodeId,
      });
      return undefined;
    }
    try {
      const message = await this.#fetch(member, head, { tree, along }, signal);
      // A SuperLink that sends objects inline takes the reply as the confirmation.
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
      cached: (id) => this.#kept.get(id),
      along: readAlong(along?.objects ?? [], (id) => tree.has(id)),
      pull: (id) => client.pullObject(nodeId, runId, id, signal),
      parallel: this.#objects,
      clock: this.#options.clock,
      signal,
    });
    this.#kept.keep(messageId, objects, this.#options.clock.now());
    return message;
  }

  /** Confirms a message in the background: it only tells the SuperLink what it can delete. */
  #confirm({ client, nodeId }: Member, { runId, messageId }: MessageHead): void {
    client.confirm(nodeId, runId, messageId).catch((error) => {
      const { message: reason } = FlwrError.from(error);
      this.#log.debug("Confirming {messageId} failed: {reason}", { messageId, reason });
    });
  }

  /**
   * Sends an error reply to an instruction whose content cannot be fetched, because its ServerApp waits for a reply.
   */
  async #refuse(head: MessageHead, { message: reason }: FlwrError): Promise<void> {
    const { messageId } = head;
    this.#log.warn("Instruction {messageId} cannot be read: {reason}", { messageId, reason });
    const text = `The SuperNode could not read the instruction: ${reason}`;
    const instruction = new Message(head, new RecordDict());
    await this.push(instruction.replyError(MessageErrorCode.Unknown, text, this.#options))
      .catch((error) => {
        this.#log.debug("The SuperLink did not accept the error reply to {messageId}: {reason}", {
          messageId,
          reason: FlwrError.from(error).message,
        });
      });
  }

  /** The objects of a reply that were not in the instruction, so the SuperLink may lack them. */
  #unknownOf({ objects }: DeflatedMessage): LinkObject[] {
    return [...objects.values()].filter(({ id }) => !this.#kept.has(id));
  }

  /**
   * Announces the reply and pushes the objects that the SuperLink lacks.
   *
   * @param objects objects to send inline with the announcement, if the SuperLink accepts any
   * @returns whether it accepted all
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

/** @param registers whether the node registers its key, and unregisters it when it leaves */
function currentMembership(registers: boolean): NodeMembership {
  return {
    async join(client, heartbeatInterval) {
      if (registers) await registerItself(client);
      return await client.activate(heartbeatInterval).catch((error) => {
        throw explainJoinRefusal(FlwrError.from(error));
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
    // Nobody else has this key, so an earlier call registered it and its response was lost.
    if (error.code !== "already-exists") throw explainJoinRefusal(error);
  }
}

/** Adds hints for the node's owner to a refusal. */
function explainJoinRefusal(error: FlwrError): FlwrError {
  if (!(error instanceof ApiError)) return error;
  switch (error.api) {
    case "registration-by-node-refused":
      return new FlwrError(error.code, error.message, {
        cause: error,
        hints: [
          "This SuperLink admits only known keys: give this node one with --auth-supernode-private-key",
        ],
      });
    case "public-key-invalid":
      return new FlwrError(error.code, error.message, {
        cause: error,
        hints: [
          "Ask the SuperLink's owner to register this node's public key: flwr supernode register",
          "Or to add it to the file given to the SuperLink's --auth-list-public-keys",
        ],
      });
    default:
      return error;
  }
}
