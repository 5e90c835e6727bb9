import { FlwrError } from "../../base/error.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Message } from "../message.ts";
import { checkCount } from "./check_option.ts";
import { FedAvg, type FedAvgOptions } from "./fedavg.ts";
import { krumScores } from "./krum.ts";
import { orderStatistics } from "./order_statistics.ts";
import type { CheckedReply } from "./reply_check.ts";
import type { Round, TrainOutcome } from "./strategy.ts";
import { inOrder } from "./update_bound.ts";

/**
 * Selects replies that a few malicious nodes cannot all have written.
 *
 * @param replies the accepted replies, in ascending order of node id
 * @param numMaliciousNodes f
 * @param count the number of replies to select
 * @returns that many of the replies
 */
export type SelectionRule = (
  replies: readonly CheckedReply[],
  numMaliciousNodes: number,
  count: number,
) => readonly CheckedReply[];

/** Options of {@link Bulyan}. */
export interface BulyanOptions extends FedAvgOptions {
  /** f, the number of nodes assumed to be malicious, from 0 (default 0). */
  readonly numMaliciousNodes?: number;
  /** The first step's selection (default: the replies with the lowest Krum scores, see {@link selectByKrum}). */
  readonly selectionRule?: SelectionRule;
  /** Smallest number of nodes that train (default: 4f + 3, the least that Bulyan can aggregate; in Flower 2). */
  readonly minTrainNodes?: number;
}

/** The replies with the lowest Krum scores; of equal ones, those with the lower node ids. */
export const selectByKrum: SelectionRule = (replies, numMaliciousNodes, count) => {
  const scores = krumScores(replies.map(({ tensors }) => tensors), numMaliciousNodes);
  return replies
    .map((reply, i) => ({ reply, score: scores[i]! }))
    .sort((a, b) => a.score - b.score)
    .slice(0, count)
    .map(({ reply }) => reply);
};

/**
 * Bulyan (El Mhamdi et al., 2018, arXiv:1802.07927): of n replies, a Byzantine-resilient rule selects θ = n − 2f. Each
 * element of the new model is the mean of the β = θ − 2f selected values that are closest to their median. A round with
 * fewer than 4f + 3 usable replies keeps the old model. Weights only apply to the metrics.
 */
export class Bulyan extends FedAvg {
  readonly #malicious: number;
  readonly #select: SelectionRule;

  /**
   * Creates the strategy.
   *
   * @throws FlwrError "invalid-argument" when an option is out of range
   */
  constructor(
    { numMaliciousNodes = 0, selectionRule = selectByKrum, ...options }: BulyanOptions = {},
  ) {
    checkCount("numMaliciousNodes", numMaliciousNodes, 0);
    super({ minTrainNodes: leastReplies(numMaliciousNodes), ...options });
    if (typeof selectionRule !== "function") {
      throw new FlwrError(
        "invalid-argument",
        `selectionRule must be a function: got ${typeof selectionRule}`,
      );
    }
    this.#malicious = numMaliciousNodes;
    this.#select = selectionRule;
  }

  /** Aggregates as the class describes. Names the nodes whose replies were too few to be used. */
  override aggregateTrain(round: Round, replies: readonly Message[]): TrainOutcome {
    const outcome = super.aggregateTrain(round, replies);
    if (outcome.aggregated) return outcome;
    const named = new Set(outcome.failures.map(({ nodeId }) => nodeId));
    const unused = replies.map(({ metadata }) => metadata.srcNodeId).filter((id) => !named.has(id));
    const reason = `Reply not used: Bulyan needs ${leastReplies(this.#malicious)} usable replies ` +
      `(4 · numMaliciousNodes + 3), got ${unused.length}`;
    const failures = [...outcome.failures, ...unused.map((nodeId) => ({ nodeId, reason }))];
    return { ...outcome, failures: inOrder(failures) };
  }

  /** The θ replies that the first step selects; none if there are too few. */
  protected override selectReplies(replies: readonly CheckedReply[]): readonly CheckedReply[] {
    if (replies.length < leastReplies(this.#malicious)) return [];
    const count = replies.length - 2 * this.#malicious;
    const selected = new Set(this.#select(replies, this.#malicious, count));
    const kept = replies.filter((reply) => selected.has(reply));
    if (kept.length === count && selected.size === count) return kept;
    throw new FlwrError(
      "invalid-argument",
      `selectionRule returned ${kept.length} of the given replies, expected ${count}`,
      { hints: ["Return as many different replies as its third parameter says"] },
    );
  }

  /** The mean of the β values of each element that are closest to the median. */
  protected override aggregateModels(
    _round: Round,
    replies: readonly CheckedReply[],
  ): ReadonlyMap<string, Tensor> {
    const closest = replies.length - 2 * this.#malicious;
    return orderStatistics(
      replies.map(({ tensors }) => tensors),
      (sorted) => meanAroundMedian(sorted, closest),
    );
  }
}

/** The number of replies below which Bulyan gives no guarantee. */
function leastReplies(malicious: number): number {
  return 4 * malicious + 3;
}

/**
 * The mean of the `count` values closest to the median; of equally close ones, the smaller.
 *
 * @param sorted in ascending order
 */
function meanAroundMedian(sorted: Float64Array, count: number): number {
  const half = sorted.length >> 1;
  // Halves first: the sum of two large doubles would not be finite.
  const median = sorted.length % 2 === 1
    ? sorted[half]!
    : sorted[half - 1]! / 2 + sorted[half]! / 2;
  let from = 0;
  let to = sorted.length;
  while (to - from > count) {
    if (median - sorted[from]! > sorted[to - 1]! - median) from++;
    else to--;
  }
  let sum = 0;
  for (let i = from; i < to; i++) sum += sorted[i]!;
  return sum / count;
}
