import { type Clock, systemClock } from "../base/clock.ts";
import { FlwrError } from "../base/error.ts";
import { describeType, isKind, KIND } from "./brand.ts";
import { checkMessageType } from "./message_type.ts";
import {
  DEFAULT_TTL_SECONDS,
  type MessageError,
  type MessageType,
  type Metadata,
  type NodeId,
  SUPERLINK_NODE_ID,
} from "../entities/metadata.ts";
import { isRecordDict, RecordDict, type RecordDictInit } from "./record_dict.ts";

/**
 * Smallest age difference between a reply and its instruction, in seconds. Flower drops a reply that is not strictly
 * later, and doubles have a resolution of a quarter of a microsecond for today's Unix time.
 */
const REPLY_MIN_AGE_SECONDS = 1e-6;

/** Longest reason of an error that is sent, in characters; a longer one is cut. */
const MAX_REASON_LENGTH = 4_096;

/** Contents and options of a new instruction. */
export interface InstructionInit {
  /** The records to send. */
  readonly content: RecordDictInit;
  /** The receiving node. */
  readonly dstNodeId: NodeId;
  /** `train`, `evaluate` or `query`, each optionally followed by `.action`. */
  readonly messageType: MessageType;
  /** The round, as text, if the sender works in rounds (default: empty). */
  readonly groupId?: string;
  /** Validity of the instruction in seconds (default: 12 hours). */
  readonly ttl?: number;
  /** Source of the time (default: the machine's clock). */
  readonly clock?: Clock;
}

/** Options of a reply. */
export interface ReplyOptions {
  /** Validity of the reply in seconds, never longer than its instruction's (default: that of the instruction). */
  readonly ttl?: number;
  /** Source of the time (default: the machine's clock). */
  readonly clock?: Clock;
}

/** Whether a value is a Message, possibly of another copy of the module. */
export function isMessage(value: unknown): value is Message {
  return isKind(value, "Message");
}

/** An instruction or a reply: metadata, and either content or an error. Immutable except for its records. */
export class Message {
  /** The class of the object, which other copies of this module recognise. */
  readonly [KIND] = "Message";
  /** Sender, receiver, type, time and validity of the message. */
  readonly metadata: Metadata;
  /** The error, if this message has one instead of content. */
  readonly error: MessageError | undefined;
  readonly #content: RecordDict | undefined;

  /**
   * Creates a received message. Apps use {@link Message.create} and {@link reply}.
   *
   * @param metadata the message's metadata
   * @param body the content, or the error in place of it
   */
  constructor(metadata: Metadata, body: RecordDict | MessageError) {
    this.metadata = metadata;
    if (isRecordDict(body)) this.#content = body;
    else this.error = { code: body.code, reason: body.reason };
  }

  /**
   * Creates an instruction. Its run, sender and id are set when it is sent.
   *
   * @throws FlwrError "invalid-argument" when the node id, the type or the ttl is invalid
   */
  static create(init: InstructionInit): Message {
    const { content, dstNodeId, messageType, groupId = "", clock = systemClock } = init;
    if (typeof dstNodeId !== "bigint" || dstNodeId === 0n) {
      throw new FlwrError(
        "invalid-argument",
        `A node id must be a bigint other than 0n: got ${describeType(dstNodeId)} ${dstNodeId}`,
      );
    }
    const ttl = init.ttl ?? DEFAULT_TTL_SECONDS;
    if (!(ttl > 0 && ttl < Infinity)) {
      throw new FlwrError(
        "invalid-argument",
        `A ttl must be a number of seconds above 0: got ${ttl}`,
      );
    }
    const metadata: Metadata = {
      runId: 0n,
      messageId: "",
      srcNodeId: SUPERLINK_NODE_ID,
      dstNodeId,
      replyToMessageId: "",
      groupId,
      messageType: checkMessageType(messageType),
      createdAt: clock.now(),
      ttl,
    };
    return new Message(metadata, RecordDict.from(content));
  }

  /** Whether the message has records; false if it has an error. */
  get hasContent(): boolean {
    return this.#content !== undefined;
  }

  /** The records. @throws FlwrError "failed-precondition" when the message has an error instead */
  get content(): RecordDict {
    if (this.#content !== undefined) return this.#content;
    throw new FlwrError(
      "failed-precondition",
      `Message has no content but error ${this.error?.code}: ${this.error?.reason}`,
    );
  }

  /**
   * Creates the reply to this message.
   *
   * @param content the records to send
   */
  reply(content: RecordDictInit, options: ReplyOptions = {}): Message {
    return new Message(this.#replyMetadata(options), RecordDict.from(content));
  }

  /**
   * Creates an error reply to this message.
   *
   * @param code one of MessageErrorCode
   * @param reason a sentence; cut after 4,096 characters
   */
  replyError(code: number, reason: string, options: ReplyOptions = {}): Message {
    const cut = reason.length > MAX_REASON_LENGTH
      ? `${reason.slice(0, MAX_REASON_LENGTH - 1)}…`
      : reason;
    return new Message(this.#replyMetadata(options), { code, reason: cut });
  }

  /** The same message with some metadata replaced. */
  withMetadata(patch: Partial<Metadata>): Message {
    return new Message({ ...this.metadata, ...patch }, this.#content ?? this.error!);
  }

  /** The same metadata with other content. */
  withContent(content: RecordDictInit): Message {
    return new Message(this.metadata, RecordDict.from(content));
  }

  /**
   * Flower's rules for a reply: sender and receiver exchanged, the instruction's id in `replyToMessageId`, strictly
   * later than the instruction (otherwise a peer whose clock is ahead drops it), and not valid longer than the
   * instruction. The ttl is 0 if the instruction has expired: the SuperLink refuses such a reply.
   */
  #replyMetadata({ ttl, clock = systemClock }: ReplyOptions): Metadata {
    const instruction = this.metadata;
    const createdAt = Math.max(clock.now(), instruction.createdAt + REPLY_MIN_AGE_SECONDS);
    const remaining = instruction.ttl - (createdAt - instruction.createdAt);
    return {
      runId: instruction.runId,
      messageId: "",
      srcNodeId: instruction.dstNodeId,
      dstNodeId: instruction.srcNodeId,
      replyToMessageId: instruction.messageId,
      groupId: instruction.groupId,
      messageType: instruction.messageType,
      createdAt,
      ttl: Math.max(0, Math.min(ttl ?? Infinity, remaining)),
    };
  }
}
