import type { DriverConnection, OnlineNode } from "../../../../app/connection.ts";
import { Message } from "../../../../app/message.ts";
import {
  MessageErrorCode,
  type MessageId,
  type RunId,
  SUPERLINK_NODE_ID,
} from "../../../../entities/metadata.ts";
import { type Clock, systemClock } from "../../../../base/clock.ts";
import { FlwrError } from "../../../../base/error.ts";
import type { LinkObject, ObjectId } from "../../../../entities/object.ts";
import { packAlong } from "../along.ts";
import { MAX_ALONG_CONFIRMS } from "../limits.ts";
import { messageFromWire } from "../message.ts";
import { countNodes, idsOfTree, treeFromWire } from "../object_tree.ts";
import { MAX_OBJECTS_IN_FLIGHT, MAX_PUSH_ATTEMPTS } from "./limits.ts";
import { type DeflatedMessage, deflateMessages } from "./message_objects.ts";
import { BROKEN_MESSAGE, receiveMessage } from "./object_transfer.ts";
import { Parallel } from "./parallel.ts";
import type {
  AnnouncedMessages,
  RuntimeClient,
  Speaker,
  WaitingMessage,
} from "./runtime_client.ts";

/** Messages that one push announces: 1 MB or so; a Python SuperLink handles them one by one. */
const MAX_MESSAGES_PER_PUSH = 1000;

/** The same where their objects go along: half of what one call takes, so that a model's fit beside them. */
const MAX_MESSAGES_PER_FULL_PUSH = 256;

/** Nodes of the trees of those messages; one message may have more. A server decodes them in 50 ms. */
const MAX_TREE_NODES_PER_PUSH = 40_000;

/** A ServerApp's line to its SuperLink over the Runtime API. Everything it does is done for the task's own run. */
export class RuntimeConnection implements DriverConnection {
  readonly #client: RuntimeClient;
  readonly #speaker: Speaker;
  readonly #clock: Clock;
  readonly #parallel = new Parallel(MAX_OBJECTS_IN_FLIGHT);
  /** Replies that came whole and that the next call confirms. */
  readonly #confirms: MessageId[] = [];

  /** @param runId the run of the client's task */
  constructor(client: RuntimeClient, runId: RunId, clock: Clock = systemClock) {
    this.#client = client;
    this.#speaker = { nodeId: SUPERLINK_NODE_ID, runId };
    this.#clock = clock;
  }

  /** The task's run: it is there already. */
  createRun(): Promise<RunId> {
    return Promise.resolve(this.#speaker.runId);
  }

  nodes(_runId: RunId): Promise<OnlineNode[]> {
    return this.#client.nodes();
  }

  /** Only objects that the SuperLink does not have go over the wire: a model for a hundred nodes goes once. */
  async push(
    runId: RunId,
    instructions: readonly Message[],
  ): Promise<(MessageId | undefined)[]> {
    const messages = await deflateMessages(
      instructions.map((message) => message.withMetadata({ runId, srcNodeId: SUPERLINK_NODE_ID })),
    );
    const ids: (MessageId | undefined)[] = [];
    const known = new Set<ObjectId>();
    const most = this.#client.takesBytes > 0 ? MAX_MESSAGES_PER_FULL_PUSH : MAX_MESSAGES_PER_PUSH;
    for (const batch of batches(messages, most)) {
      ids.push(...await this.#pushBatch(batch, known));
    }
    return ids;
  }

  async pull(_runId: RunId, ids: readonly MessageId[], signal?: AbortSignal): Promise<Message[]> {
    const confirms = this.#takeConfirms();
    const { messages, along } = await this.#client.pullMessages(ids, {
      confirms,
      ...(signal && { signal }),
    })
      .catch((error) => {
        this.#confirms.push(...confirms);
        throw error;
      });
    return await Promise.all(messages.map((message) => this.#receive(message, along, signal)));
  }

  close(): void {
    this.#client.close();
  }

  /**
   * Announces messages with those of their objects that go along, and pushes what is missing then.
   *
   * @param known objects that the server has from the same push, and now these
   */
  async #pushBatch(
    messages: readonly DeflatedMessage[],
    known: Set<ObjectId>,
  ): Promise<(MessageId | undefined)[]> {
    const objects = new Map<ObjectId, LinkObject>(messages.flatMap((message) => [
      ...message.objects,
    ]));
    for (let attempt = 1;; attempt++) {
      const { ids, missing, sessionId } = await this.#announce(
        messages,
        objects.values().filter(({ id }) => !known.has(id)),
      );
      // What was brought once is there, or asked for.
      for (const id of objects.keys()) known.add(id);
      const stored = await this.#parallel.map(missing, (id) => {
        const object = objects.get(id);
        if (object !== undefined) return this.#client.pushObject(this.#speaker, sessionId, object);
        throw new FlwrError("data-loss", `The SuperLink asks for object "${id}" of no message`);
      });
      if (stored.every(Boolean)) return [...ids];
      if (attempt === MAX_PUSH_ATTEMPTS) {
        throw new FlwrError(
          "unavailable",
          `The SuperLink did not take the objects of ${messages.length} instructions: ` +
            `${MAX_PUSH_ATTEMPTS} times it waited for them no more`,
        );
      }
    }
  }

  async #announce(
    messages: readonly DeflatedMessage[],
    objects: Iterable<LinkObject>,
  ): Promise<AnnouncedMessages> {
    const { takesBytes } = this.#client;
    if (takesBytes === 0) return await this.#client.announce(messages);
    const confirms = this.#takeConfirms();
    try {
      const along = { objects: packAlong(objects, takesBytes), confirms };
      return await this.#client.announce(messages, along);
    } catch (error) {
      this.#confirms.push(...confirms);
      throw error;
    }
  }

  /** Messages that the next call confirms. */
  #takeConfirms(): MessageId[] {
    return this.#confirms.splice(0, MAX_ALONG_CONFIRMS);
  }

  /**
   * Says that a message has come whole: with the next call where all of it came along, so that it waits no longer than a
   * round; at once where it is large, or the server knows nothing of that.
   */
  async #confirm(id: MessageId, cameAlong: boolean): Promise<void> {
    if (cameAlong && this.#confirms.length < MAX_ALONG_CONFIRMS) this.#confirms.push(id);
    else await this.#client.confirm(this.#speaker, id);
  }

  /** A reply with its content. One that cannot be put together becomes an error: no node's fault ends the run. */
  async #receive(
    { wire, tree: wireTree }: WaitingMessage,
    along: ReadonlyMap<ObjectId, Uint8Array> | undefined,
    signal?: AbortSignal,
  ): Promise<Message> {
    const { error, ...metadata } = messageFromWire(wire);
    const id = metadata.messageId;
    if (error !== undefined) {
      await this.#confirm(id, along !== undefined);
      return new Message(metadata, error);
    }
    try {
      const needed = idsOfTree(id, treeFromWire(wireTree));
      const { message } = await receiveMessage(id, needed, {
        ...(along && { along }),
        pull: (objectId) => this.#client.pullObject(this.#speaker, objectId, signal),
        parallel: this.#parallel,
        clock: this.#clock,
        ...(signal && { signal }),
      });
      await this.#confirm(id, along !== undefined && needed.every((one) => along.has(one)));
      return message.withMetadata(metadata);
    } catch (cause) {
      if (!(cause instanceof FlwrError) || !BROKEN_MESSAGE.has(cause.code)) throw cause;
      return new Message(metadata, {
        code: MessageErrorCode.ReplyUnavailable,
        reason: `The reply cannot be read: ${cause.message}`,
      });
    }
  }
}

/** Messages in pushes: so many at most, and with so many objects that the server reads their trees at once. */
function* batches(
  messages: readonly DeflatedMessage[],
  most: number,
): Generator<readonly DeflatedMessage[]> {
  let batch: DeflatedMessage[] = [];
  let nodes = 0;
  for (const message of messages) {
    const more = countNodes(message.tree);
    if (batch.length === most || batch.length > 0 && nodes + more > MAX_TREE_NODES_PER_PUSH) {
      yield batch;
      batch = [];
      nodes = 0;
    }
    batch.push(message);
    nodes += more;
  }
  if (batch.length > 0) yield batch;
}
