import { FlwrError } from "../../base/error.ts";
import { MessageErrorCode, type NodeId } from "../../entities/metadata.ts";
import { ArrayRecord } from "../array_record.ts";
import { Message } from "../message.ts";
import { RecordDict } from "../record_dict.ts";
import type { CheckedReply } from "../strategy/contract/reply_contract.ts";
import type { Tensors } from "../strategy/round/round.ts";
import type { Failure } from "../result.ts";
import { withoutNormBit } from "./norm_bits.ts";

/** A reply without its arrays. Only their names are left. */
interface Counted {
  readonly message: Message;
  /** Names of its records with arrays, and of the arrays. */
  readonly records: readonly string[];
  readonly names: readonly string[];
}

/**
 * The replies of a round for the inner strategy. After the release, each contains the private mean instead of its
 * model. A model is dropped as soon as it is in the sum, so only one is held at a time.
 */
export class KnownReplies {
  readonly #seen = new Set<NodeId>();
  /** Replies whose model will be replaced, and other messages unchanged. */
  readonly #replies: (Counted | Message)[] = [];
  readonly #refused = new Map<NodeId, Failure>();

  /** Whether a node has already replied. Each node contributes once. */
  isKnown(nodeId: NodeId): boolean {
    const known = this.#seen.has(nodeId);
    this.#seen.add(nodeId);
    return known;
  }

  /** Keeps a reply whose model is in the sum. */
  count(message: Message, { tensors }: CheckedReply): void {
    const content = new RecordDict(message.content);
    const records = [...content.arrayRecords.keys()];
    for (const name of records) content.set(name, new ArrayRecord());
    this.#replies.push({
      message: message.withContent(content),
      records,
      names: [...tensors.keys()],
    });
  }

  /** Keeps an error. */
  keep(message: Message): void {
    this.#replies.push(message);
  }

  /** Makes a reply a failure of its node. The inner strategy gets an error, which it counts among the failures. */
  refuse({ metadata }: Message, error: unknown): void {
    if (!(error instanceof FlwrError)) throw error;
    const nodeId = metadata.srcNodeId;
    const reason = `Reply rejected: ${error.message}`;
    this.#refused.set(nodeId, { nodeId, reason });
    this.#replies.push(new Message(metadata, { code: MessageErrorCode.Unknown, reason }));
  }

  /** The replies for the inner strategy. @param model the private mean; undefined if nothing was released */
  forInner(model: Tensors | undefined): Message[] {
    const all = model && ArrayRecord.fromTensors(model);
    return this.#replies.map((reply) => {
      if (!("records" in reply)) return reply;
      const { message, records, names } = reply;
      const content = new RecordDict(message.content);
      if (all !== undefined) {
        const same = names.length === all.size
          ? all
          : new ArrayRecord(names.map((name) => [name, all.get(name)!] as const));
        for (const name of records) content.set(name, same);
      }
      for (const [name, metrics] of content.metricRecords) {
        content.set(name, withoutNormBit(metrics));
      }
      return message.withContent(content);
    });
  }

  /** The failures of an outcome, with the wrapper's reasons for the replies that it refused. */
  failures(failures: readonly Failure[]): Failure[] {
    return failures.map((failure) => this.#refused.get(failure.nodeId) ?? failure);
  }
}
