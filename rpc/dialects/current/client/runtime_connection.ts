import type { DriverConnection, OnlineNode } from "../../../../app/connection.ts";
import { Message } from "../../../../app/message.ts";
import { detach, ownBuffers } from "../../../../app/message_memory.ts";
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
import { MAX_ALONG_BYTES, MAX_ALONG_CONFIRMS } from "../limits.ts";
import { messageFromWire } from "../message.ts";
import { countNodes, idsOfTree, treeFromWire } from "../object_tree.ts";
import { MAX_OBJECTS_IN_FLIGHT, MAX_PUSH_ATTEMPTS } from "./limits.ts";
import { KeptObjects } from "./kept_objects.ts";
import { type DeflatedMessage, deflateMessages } from "./message_objects.ts";
import { BROKEN_MESSAGE, receiveMessage } from "./object_transfer.ts";
import { Parallel } from "./parallel.ts";
import { readAhead } from "./read_ahead.ts";
import type {
  AnnouncedMessages,
  RuntimeClient,
  Speaker,
  WaitingMessage,
} from "./runtime_client.ts";

/** Messages that one push announces: about 1 MB; a Python SuperLink handles them one by one. */
const MAX_MESSAGES_PER_PUSH = 1000;

/** The same if their objects are sent inline: half of one call's limit, which leaves room for a model's objects. */
const MAX_MESSAGES_PER_FULL_PUSH = 256;

/** Tree nodes of one push's messages; a single message may have more. A server decodes them in 50 ms. */
const MAX_TREE_NODES_PER_PUSH = 40_000;

/**
 * Bytes of a push's objects that are kept until the next one: those of a small model, so that the memory of a ServerApp
 * stays at a few models. They need not be sent back with replies that contain some of them, such as a model that a node
 * did not change.
 */
const MAX_KEPT_BYTES = MAX_ALONG_BYTES;

/** A ServerApp's connection to its SuperLink over the Runtime API, always for the task's own run. */
export class RuntimeConnection implements DriverConnection {
  readonly #client: RuntimeClient;
  readonly #speaker: Speaker;
  readonly #clock: Clock;
  readonly #parallel = new Parallel(MAX_OBJECTS_IN_FLIGHT);
  readonly #kept = new KeptObjects(MAX_KEPT_BYTES);
  /** Completely received replies that the next call confirms. */
  readonly #confirms: MessageId[] = [];

  /** @param runId the run of the client's task */
  constructor(client: RuntimeClient, runId: RunId, clock: Clock = systemClock) {
    this.#client = client;
    this.#speaker = { nodeId: SUPERLINK_NODE_ID, runId };
    this.#clock = clock;
  }

  /** Returns the task's run, which already exists. */
  createRun(): Promise<RunId> {
    return Promise.resolve(this.#speaker.runId);
  }

  nodes(_runId: RunId): Promise<OnlineNode[]> {
    return this.#client.nodes();
  }

  /** Pushes only objects that the SuperLink lacks: a model for a hundred nodes is sent once. */
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
    this.#keepOrRelease(messages);
    return ids;
  }

  async pull(_runId: RunId, ids: readonly MessageId[], signal?: AbortSignal): Promise<Message[]> {
    const { messages, along } = await this.#announced(ids, signal);
    return await Promise.all(messages.map((message) => this.#receive(message, along, signal)));
  }

  async *pullEach(
    _runId: RunId,
    ids: readonly MessageId[],
    signal?: AbortSignal,
  ): AsyncGenerator<Message, void, undefined> {
    const { messages, along } = await this.#announced(ids, signal);
    yield* readAhead(messages, (message) => this.#receive(message, along, signal));
  }

  /** The available replies, whose content is still to be fetched. */
  async #announced(ids: readonly MessageId[], signal?: AbortSignal) {
    const confirms = this.#takeConfirms();
    const { holds } = this.#kept;
    return await this.#client.pullMessages(ids, { confirms, holds, ...(signal && { signal }) })
      .catch((error) => {
        this.#confirms.push(...confirms);
        throw error;
      });
  }

  close(): void {
    this.#client.close();
  }

  /**
   * Announces messages, with some of their objects inline, and pushes the objects that are still missing.
   *
   * @param known objects that the server has from the same push; extended by these
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
      // The server has the inline objects now, or asks for them.
      for (const id of objects.keys()) known.add(id);
      const stored = await this.#parallel.map(missing, (id) => {
        const object = objects.get(id);
        if (object !== undefined) return this.#client.pushObject(this.#speaker, sessionId, object);
        throw new FlwrError(
          "data-loss",
          `The SuperLink asks for object "${id}", which belongs to no message`,
        );
      });
      if (stored.every(Boolean)) return [...ids];
      if (attempt === MAX_PUSH_ATTEMPTS) {
        throw new FlwrError(
          "unavailable",
          `The SuperLink did not accept the objects of ${messages.length} instructions: ` +
            `its push session ended ${MAX_PUSH_ATTEMPTS} times`,
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

  /** Removes and returns the messages that the next call confirms. */
  #takeConfirms(): MessageId[] {
    return this.#confirms.splice(0, MAX_ALONG_CONFIRMS);
  }

  /**
   * Confirms a completely received message. If all of it was inline, the next call confirms it, at most one round
   * later. Otherwise it is confirmed at once, because it is large or the server does not support confirmations in
   * other calls.
   */
  async #confirm(id: MessageId, cameAlong: boolean): Promise<void> {
    if (cameAlong && this.#confirms.length < MAX_ALONG_CONFIRMS) this.#confirms.push(id);
    else await this.#client.confirm(this.#speaker, id);
  }

  /**
   * Fetches a reply's content. A reply that cannot be assembled becomes an error, because one node's fault must not
   * end the run.
   */
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
      const { message, objects } = await receiveMessage(id, needed, {
        ...(along && { along }),
        cached: (objectId) => this.#copyOfKept(objectId),
        pull: (objectId) => this.#client.pullObject(this.#speaker, objectId, signal),
        parallel: this.#parallel,
        clock: this.#clock,
        freesChunks: true,
        ...(signal && { signal }),
      });
      await this.#confirm(
        id,
        along !== undefined && needed.every((one) => along.has(one) || this.#kept.has(one)),
      );
      const reply = message.withMetadata(metadata);
      takeOwnership(reply, objects, along);
      return reply;
    } catch (cause) {
      if (!(cause instanceof FlwrError) || !BROKEN_MESSAGE.has(cause.code)) throw cause;
      return new Message(metadata, {
        code: MessageErrorCode.ReplyUnavailable,
        reason: `The reply cannot be read: ${cause.message}`,
      });
    }
  }

  /** Keeps the objects of the first message: most instructions of a push have the same content. Frees all others. */
  #keepOrRelease(messages: readonly DeflatedMessage[]): void {
    const [first] = messages;
    if (first !== undefined && this.#client.takesBytes > 0) {
      this.#kept.keep(first.id, first.objects, this.#clock.now());
    }
    release(messages, (id) => this.#kept.has(id));
  }

  /** A copy, because the app may change the arrays of a reply. */
  #copyOfKept(id: ObjectId): LinkObject | undefined {
    const object = this.#kept.get(id);
    return object && { ...object, bytes: object.bytes.slice() };
  }
}

/** Splits messages into pushes with a limited number of messages and of tree nodes. */
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

/** Frees the objects of messages that were pushed, which are copies of the messages' arrays. */
function release(messages: readonly DeflatedMessage[], isKept: (id: ObjectId) => boolean): void {
  for (const { objects } of messages) {
    for (const { id, bytes } of objects.values()) {
      if (bytes.length >= OWNED_FROM && !isKept(id)) detach(bytes.buffer);
    }
  }
}

/** Bytes of an array from which its memory is freed as soon as its reply is done with. */
const OWNED_FROM = 2 ** 16;

/**
 * Records which memory is the reply's alone: that of objects that were pulled one by one. Chunks that have been joined to
 * an array are freed.
 */
function takeOwnership(
  reply: Message,
  objects: ReadonlyMap<ObjectId, LinkObject>,
  along: ReadonlyMap<ObjectId, Uint8Array> | undefined,
): void {
  const shared = new Set(along?.values().map(({ buffer }) => buffer));
  const arrays = reply.content.arrayRecords.values().flatMap((record) => record.values());
  const used = new Set(arrays.map(({ data }) => data.buffer));
  const own = (buffer: ArrayBufferLike) => buffer.byteLength >= OWNED_FROM && !shared.has(buffer);
  for (const { bytes: { buffer } } of objects.values()) {
    if (own(buffer) && !used.has(buffer)) detach(buffer);
  }
  ownBuffers(reply, used.values().filter(own));
}
