import { unlessAborted } from "../base/aborted.ts";
import { type Clock, WOKEN } from "../base/clock.ts";
import { FlwrError } from "../base/error.ts";
import { MessageErrorCode, type MessageId } from "../entities/metadata.ts";
import type { PushedFold } from "./connection.ts";
import type { ProgressEvent } from "./events.ts";
import type { Message } from "./message.ts";
import type { MetricRecord } from "./metric_record.ts";
import { isMetricRecord } from "./record_dict.ts";

/** Seconds between pulls at a SuperLink that answers at once when there are no replies. */
const EMPTY_PULL_INTERVAL_SECONDS = 0.25;

/** Seconds between two reports of missing replies. */
const REPLY_REPORT_INTERVAL_SECONDS = 30;

/** The grid as an exchange uses it. */
export interface ExchangeLink {
  readonly clock: Clock;
  /** Whether nodes can add their replies to a fold. */
  readonly folds: boolean;
  /** Sends instructions, whose replies are added to a fold if there is one. */
  push(messages: readonly Message[], fold?: PushedFold): Promise<(MessageId | undefined)[]>;
  pullEach(ids: readonly MessageId[], signal: AbortSignal): AsyncIterable<Message>;
  report(event: ProgressEvent): void;
}

/** Timeout and signals of an exchange. */
export interface ExchangeOptions {
  /** Timeout of each instruction, in seconds from its sending. */
  readonly timeout: number;
  /** Ends the exchange with a "cancelled" error. */
  readonly signal: AbortSignal;
}

/** An instruction without a reply yet. */
interface Pending {
  readonly index: number;
  readonly instruction: Message;
  /** When it was sent, and when its timeout ends. */
  readonly sentAt: number;
  readonly due: number;
}

/** A reply with its instruction. */
export interface Answered {
  /** The instruction, with its message id. */
  readonly instruction: Message;
  /** Its reply, or the error in place of one. */
  readonly reply: Message;
}

/** A reply, and the number of its instruction, from 0 in the order of sending. */
interface Settled extends Answered {
  readonly index: number;
}

/**
 * Instructions on their way, and their replies as they arrive: see `Grid.open`. An exchange holds at most the reply
 * that it is about to hand out; it fetches the next one when the consumer asks for it.
 *
 * Every instruction gets one reply. A missing one is an error reply with the reason: refused by the SuperLink, or not
 * answered in time. Read the replies in one place only.
 */
export class Exchange implements AsyncIterable<Message> {
  readonly #link: ExchangeLink;
  readonly #options: ExchangeOptions;
  readonly #pending = new Map<MessageId, Pending>();
  readonly #settled: Settled[] = [];
  #first: readonly Message[];
  /** The fold of the replies to the first instructions. */
  #fold: PushedFold | undefined;
  #pull: { readonly replies: AsyncIterator<Message>; readonly over: AbortController } | undefined;
  #pulledAny = false;
  #pulledAt = 0;
  #sent = 0;
  #startedAt: number;
  #reportedAt: number;

  /**
   * Prepares an exchange; `Grid.open` does.
   *
   * @param first the instructions that are sent when the first reply is asked for
   */
  constructor(link: ExchangeLink, first: readonly Message[], options: ExchangeOptions) {
    this.#link = link;
    this.#first = first;
    this.#options = options;
    this.#startedAt = this.#reportedAt = link.clock.now();
  }

  /** Number of instructions without a reply. */
  get pending(): number {
    return this.#first.length + this.#pending.size + this.#settled.length;
  }

  /**
   * Lets the nodes add their replies to a fold, before the first reply is asked for. Strategies use it.
   *
   * @returns false if the nodes cannot: the replies arrive whole
   */
  foldInto(fold: PushedFold): boolean {
    if (!this.#link.folds || this.#first.length === 0) return false;
    this.#fold = fold;
    return true;
  }

  /** Sends further instructions, whose replies arrive with the others. @throws FlwrError "cancelled" by the signal */
  async send(messages: Iterable<Message>): Promise<void> {
    await this.#sendFirst();
    await this.#send([...messages]);
  }

  /** The next reply; undefined if all instructions have theirs. @throws FlwrError "cancelled" by the signal */
  async next(): Promise<Message | undefined> {
    return (await this.#receive())?.reply;
  }

  /**
   * The next reply with its instruction; undefined if all instructions have their replies.
   *
   * @throws FlwrError "cancelled" by the signal
   */
  async nextAnswered(): Promise<Answered | undefined> {
    return await this.#receive();
  }

  /** All replies that are still due, in the order of their instructions. @throws FlwrError "cancelled" by the signal */
  async all(): Promise<Message[]> {
    const settled: Settled[] = [];
    for (let one = await this.#receive(); one !== undefined; one = await this.#receive()) {
      settled.push(one);
    }
    return settled.sort((a, b) => a.index - b.index).map(({ reply }) => reply);
  }

  /** The replies as they arrive. Instructions that are sent meanwhile prolong the iteration. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Message, void, undefined> {
    for (let one = await this.#receive(); one !== undefined; one = await this.#receive()) {
      yield one.reply;
    }
  }

  async #sendFirst(): Promise<void> {
    const first = this.#first;
    this.#first = [];
    if (first.length > 0) await this.#send(first, this.#fold);
  }

  async #send(messages: readonly Message[], fold?: PushedFold): Promise<void> {
    const { timeout } = this.#options;
    this.#throwIfAborted();
    const instructions = messages.map((message) =>
      message.withMetadata({ ttl: Math.min(message.metadata.ttl, timeout) })
    );
    const sentAt = this.#link.clock.now();
    const ids = await this.#link.push(instructions, fold);
    instructions.forEach((sent, place) => {
      const messageId = ids[place];
      const instruction = messageId === undefined ? sent : sent.withMetadata({ messageId });
      const pending = { index: this.#sent++, instruction, sentAt, due: sentAt + timeout };
      if (messageId !== undefined) this.#pending.set(messageId, pending);
      else this.#settle(pending, this.#failed(instruction, "SuperLink refused the instruction"));
    });
  }

  async #receive(): Promise<Settled | undefined> {
    await this.#sendFirst();
    for (;;) {
      this.#throwIfAborted();
      const settled = this.#settled.shift();
      if (settled !== undefined) return settled;
      if (this.#pending.size === 0) return undefined;
      await this.#pullOne();
    }
  }

  /** Takes one more reply from the SuperLink, or ends the wait for those that are overdue. */
  async #pullOne(): Promise<void> {
    const { clock } = this.#link;
    // The map's order is that of sending, and all have the same timeout.
    const { due } = this.#pending.values().next().value!;
    const over = new AbortController();
    const reached = new AbortController();
    const stop = AbortSignal.any([this.#options.signal, over.signal]);
    const timer = due === Infinity
      ? undefined
      : clock.sleep(due - clock.now(), reached.signal).then(() => {
        if (!reached.signal.aborted) over.abort(WOKEN);
      });
    try {
      const reply = await this.#pulled(stop);
      const waiting = reply && this.#pending.get(reply.metadata.replyToMessageId);
      if (waiting !== undefined) this.#settle(waiting, reply!);
    } finally {
      if (!over.signal.aborted) reached.abort(WOKEN);
      else this.#expire(due);
      await timer;
    }
  }

  /** The next reply of the current pull, which begins a new one if it has ended; undefined if there was none. */
  async #pulled(stop: AbortSignal): Promise<Message | undefined> {
    const { clock } = this.#link;
    if (this.#pull === undefined) {
      this.#pulledAny = false;
      this.#pulledAt = clock.now();
      // A pull announces several replies, and lasts until the last one has been asked for.
      const over = new AbortController();
      const signal = AbortSignal.any([this.#options.signal, over.signal]);
      const replies = this.#link.pullEach([...this.#pending.keys()], signal);
      this.#pull = { replies: replies[Symbol.asyncIterator](), over };
    }
    const { replies, over } = this.#pull;
    const next = await unlessAborted(replies.next(), stop).catch((error) => {
      this.#pull = undefined;
      over.abort();
      if (stop.aborted) return undefined;
      throw error;
    });
    if (next === undefined) return undefined;
    if (!next.done) {
      this.#pulledAny = true;
      return next.value;
    }
    this.#pull = undefined;
    this.#reportMissing();
    // A SuperLink that does not hold the call must not be polled without a pause.
    const pause = EMPTY_PULL_INTERVAL_SECONDS - (clock.now() - this.#pulledAt);
    if (!this.#pulledAny && pause > 0) await clock.sleep(pause, stop);
    return undefined;
  }

  #settle({ index, instruction, sentAt }: Pending, reply: Message): void {
    const { messageType, groupId, dstNodeId: nodeId, messageId } = instruction.metadata;
    this.#pending.delete(messageId);
    this.#settled.push({ index, instruction, reply });
    const seconds = this.#link.clock.now() - sentAt;
    const { error } = reply;
    const metrics = reply.hasContent ? firstMetrics(reply) : undefined;
    this.#link.report({
      type: "reply",
      messageType,
      groupId,
      nodeId,
      messageId,
      seconds,
      ...(metrics && { metrics }),
      error,
    });
  }

  /** Ends the wait for the instructions whose timeout is over. */
  #expire(due: number): void {
    const overdue = this.#pending.values().filter((pending) => pending.due <= due).toArray();
    const reason = `No reply within ${this.#options.timeout} s`;
    for (const pending of overdue) {
      this.#settle(pending, this.#failed(pending.instruction, reason));
    }
  }

  #reportMissing(): void {
    const now = this.#link.clock.now();
    if (this.#pending.size === 0 || now - this.#reportedAt < REPLY_REPORT_INTERVAL_SECONDS) return;
    this.#reportedAt = now;
    const nodeIds = Array.from(
      this.#pending.values(),
      ({ instruction }) => instruction.metadata.dstNodeId,
    );
    const seconds = now - this.#startedAt;
    this.#link.report({ type: "waiting-for-replies", nodeIds, sent: this.#sent, seconds });
  }

  #failed(instruction: Message, reason: string): Message {
    const { clock } = this.#link;
    return instruction.replyError(MessageErrorCode.ReplyUnavailable, reason, { clock });
  }

  #throwIfAborted(): void {
    if (this.#options.signal.aborted) throw new FlwrError("cancelled", "The run was stopped");
  }
}

function firstMetrics({ content }: Message): MetricRecord | undefined {
  for (const record of content.values()) if (isMetricRecord(record)) return record;
  return undefined;
}
