import { FlwrError } from "../../base/error.ts";
import { MessageErrorCode, type NodeId } from "../../entities/metadata.ts";
import { ArrayRecord } from "../array_record.ts";
import { Message } from "../message.ts";
import { RecordDict } from "../record_dict.ts";
import type { CheckedReply } from "../strategy/contract/reply_contract.ts";
import type { Tensors } from "../strategy/round/round.ts";
import type { Failure } from "../result.ts";
import { withoutNormBit } from "./norm_bits.ts";

/** A reply of which only the arrays' names are left. */
interface Counted {
  readonly message: Message;
  /** Names of its records with arrays, and of the arrays. */
  readonly records: readonly string[];
  readonly names: readonly string[];
}

/**
 * The replies of a round, as the inner strategy gets them after the release: each with the private mean in place of its
 * model. Models are dropped when they were added to the sum, so that one is held at a time.
 */
export class KnownReplies {
  readonly #seen = new Set<NodeId>();
  /** Replies to change, and others as they are. */
  readonly #replies: (Counted | Message)[] = [];
  readonly #refused = new Map<NodeId, Failure>();

  /** Whether a node has already replied: it contributes once. */
  isKnown(nodeId: NodeId): boolean {
    const known = this.#seen.has(nodeId);
    this.#seen.add(nodeId);
    return known;
  }

  /** Keeps a reply whose model was added to the sum. */
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

  /** An outcome's failures, with the wrapper's reason for those that it refused. */
  failures(failures: readonly Failure[]): Failure[] {
    return failures.map((failure) => this.#refused.get(failure.nodeId) ?? failure);
  }
}
