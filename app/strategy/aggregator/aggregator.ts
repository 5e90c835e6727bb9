import type { NodeId } from "../../../entities/metadata.ts";
import type { CheckedReply } from "../contract/reply_contract.ts";
import type { PhaseRound, Tensors } from "../round/round.ts";

/** Result of an aggregation. */
export interface Aggregate {
  /** The aggregate of the replies' arrays, by name. Arrays that no node sent are missing. */
  readonly arrays: Tensors;
  /** The nodes whose replies are in the aggregate (default: all). */
  readonly nodeIds?: readonly NodeId[];
  /**
   * The reason why there is no aggregate, as a sentence. The old model then stays, and all replies are failures with
   * this reason (default: there is an aggregate).
   */
  readonly problem?: string;
}

/** An aggregation in progress. */
export interface Aggregation {
  /**
   * Adds a reply. Do not change its arrays. An aggregator that streams must not keep them either, because their memory
   * is freed afterwards.
   */
  accumulate(reply: CheckedReply): void;
  /** The aggregate of all added replies, of which there is at least one. */
  finish(): Aggregate;
}

/**
 * Combines a round's replies into one set of arrays, for example `WeightedMean` or `CoordinateMedian`.
 *
 * @example
 * ```ts
 * // The largest value of each parameter.
 * const largest: Aggregator = {
 *   streams: true,
 *   begin() {
 *     const arrays = new Map<string, Tensor>();
 *     return {
 *       accumulate({ tensors }) {
 *         for (const [name, { dtype, shape, data }] of tensors) {
 *           const best = arrays.get(name)?.data ?? data;
 *           arrays.set(name, tensor(dtype, shape, data.map((x, i) => x > best[i] ? x : best[i])));
 *         }
 *       },
 *       finish: () => ({ arrays }),
 *     };
 *   },
 * };
 * ```
 */
export interface Aggregator {
  /**
   * Whether `accumulate` keeps nothing of a reply, so the ServerApp may release each reply at once. The result must
   * then not depend on the order of the replies.
   */
  readonly streams: boolean;
  /**
   * Begins the aggregation of a round. It may begin again in the same round, with fewer replies.
   *
   * @param known all replies that will be accumulated, in that order: ascending node ids. Undefined if they are
   * accumulated as they arrive, which happens only to aggregators that stream.
   */
  begin(round: PhaseRound, known?: readonly CheckedReply[]): Aggregation;
}
