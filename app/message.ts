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

/** Seconds that a reply is younger than its instruction at least: Flower drops a reply that is not strictly younger,
 * and a double holds today's Unix time to a quarter of a microsecond. */
const REPLY_MIN_AGE_SECONDS = 1e-6;

/** Characters of an error's reason that travel; a longer one is cut. */
const MAX_REASON_LENGTH = 4_096;

/** Contents and options of a new instruction. */
export interface InstructionInit {
  /** The records that go with it. */
  readonly content: RecordDictInit;
  /** The node that is to do it. */
  readonly dstNodeId: NodeId;
  /** `train`, `evaluate` or `query`, each optionally followed by `.action`. */
  readonly messageType: MessageType;
  /** The round, as text, where the sender works in rounds. Default: empty. */
  readonly groupId?: string;
  /** Seconds during which the instruction counts. Default: 12 hours. */
  readonly ttl?: number;
  /** Default: the machine's clock. */
  readonly clock?: Clock;
}

/** Options of a reply. */
export interface ReplyOptions {
  /** Seconds during which the reply counts; never longer than its instruction does. Default: as long. */
  readonly ttl?: number;
  /** Default: the machine's clock. */
  readonly clock?: Clock;
}

/** Whether a value is a Message, also one made by another copy of the module. */
export function isMessage(value: unknown): value is Message {
  return isKind(value, "Message");
}

/** An instruction or a reply: metadata, and either content or an error. Immutable but for its records. */
export class Message {
  /** What it is, also for another copy of this module. */
  readonly [KIND] = "Message";
  /** Where it comes from and goes to, what it is for, and how long it counts. */
  readonly metadata: Metadata;
  /** The error that this message carries in place of content. */
  readonly error: MessageError | undefined;
  readonly #content: RecordDict | undefined;

  /**
   * Puts together what was received. Apps use {@link Message.create} and {@link reply}.
   *
   * @param body the content, or the error in place of it
   */
  constructor(metadata: Metadata, body: RecordDict | MessageError) {
    this.metadata = metadata;
    if (isRecordDict(body)) this.#content = body;
    else this.error = { code: body.code, reason: body.reason };
  }

  /**
   * An instruction. Its run, sender and id are filled in on the way.
   *
   * @throws FlwrError "invalid-argument" when the node id, the type or the ttl cannot be
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
      throw new FlwrError("invalid-argument", `A ttl is a number of seconds above 0: got ${ttl}`);
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

  /** Whether it carries records, not an error. */
  get hasContent(): boolean {
    return this.#content !== undefined;
  }

  /** The records. @throws FlwrError "failed-precondition" when the message carries an error instead */
  get content(): RecordDict {
    if (this.#content !== undefined) return this.#content;
    throw new FlwrError(
      "failed-precondition",
      `Message has no content but error ${this.error?.code}: ${this.error?.reason}`,
    );
  }

  /** The reply to this message. */
  reply(content: RecordDictInit, options: ReplyOptions = {}): Message {
    return new Message(this.#replyMetadata(options), RecordDict.from(content));
  }

  /**
   * The reply that says what went wrong.
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
   * Flower's rules for a reply: the direction turned round, the instruction's id in `replyToMessageId`, made strictly
   * later than the instruction (a peer whose clock is ahead drops it otherwise), and counting no longer than it. The
   * ttl is 0 when the instruction has expired: the SuperLink refuses such a reply.
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
