import type { NodeId } from "../../../entities/metadata.ts";
import type { Message } from "../../message.ts";
import type { MetricRecord } from "../../metric_record.ts";
import type { RecordDict } from "../../record_dict.ts";
import type { PhaseRound, Tensors } from "../round/round.ts";

/** A reply that passed all checks. */
export interface CheckedReply {
  /** The node that replied. */
  readonly nodeId: NodeId;
  /** Weight of the reply. */
  readonly weight: number;
  /**
   * The node's arrays, in the order of the global model; do not change them. Empty if no model was requested. After
   * streaming, when metrics are aggregated, they are empty too.
   */
  readonly tensors: Tensors;
  /** The metrics of the reply. */
  readonly metrics: MetricRecord;
  /** The whole content of the reply; after streaming, without its ArrayRecords. */
  readonly content: RecordDict;
}

/**
 * Decides which replies a strategy accepts, by the names, shapes and types of their arrays, their metrics and weights.
 * The usual contract is a `ModelContract`. A strategy whose replies are not models, such as masked vectors, needs its
 * own.
 *
 * @example
 * ```ts
 * const vectors: ReplyContract = {
 *   check(reply) {
 *     const tensors = reply.content.arrayRecord("masked").viewTensors();
 *     const { nodeId, content } = { nodeId: reply.metadata.srcNodeId, content: reply.content };
 *     return { nodeId, weight: 1, tensors, metrics: new MetricRecord(), content };
 *   },
 * };
 * ```
 */
export interface ReplyContract {
  /**
   * Checks a reply that is not an error.
   *
   * @throws FlwrError that says what was expected: the reply becomes a failure of its node
   */
  check(reply: Message, round: PhaseRound): CheckedReply;
}
