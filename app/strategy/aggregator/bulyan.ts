import { FlwrError } from "../../../base/error.ts";
import { checkCount } from "../../../base/check_option.ts";
import type { CheckedReply } from "../contract/reply_contract.ts";
import type { Aggregator } from "./aggregator.ts";
import { collecting } from "./collecting.ts";
import { krumScores } from "./krum.ts";
import { orderStatistics } from "./order_statistics.ts";

/**
 * Selects replies that a few malicious nodes cannot all have sent.
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

/** Options of {@link bulyan}. */
export interface BulyanSelectionOptions {
  /** f, the number of nodes assumed to be malicious, from 0 (default 0). */
  readonly numMaliciousNodes?: number;
  /** The first step's selection (default: the replies with the lowest Krum scores, see {@link selectByKrum}). */
  readonly selectionRule?: SelectionRule;
}

/** The replies with the lowest Krum scores. Of equal scores, the lower node id wins. */
export function selectByKrum(
  replies: readonly CheckedReply[],
  numMaliciousNodes: number,
  count: number,
): readonly CheckedReply[] {
  const scores = krumScores(replies.map(({ tensors }) => tensors), numMaliciousNodes);
  return replies
    .map((reply, i) => ({ reply, score: scores[i]! }))
    .sort((a, b) => a.score - b.score)
    .slice(0, count)
    .map(({ reply }) => reply);
}

/**
 * Bulyan (El Mhamdi et al., 2018, arXiv:1802.07927): a Byzantine-resilient rule selects θ = n − 2f of n replies. Each
 * element is the unweighted mean of the β = θ − 2f selected values that are closest to their median. With fewer than 4f
 * + 3 replies there is no aggregate. All replies must contain the same arrays.
 *
 * @throws FlwrError "invalid-argument" when an option is invalid
 */
export function bulyan(
  { numMaliciousNodes: f = 0, selectionRule = selectByKrum }: BulyanSelectionOptions = {},
): Aggregator {
  checkCount("numMaliciousNodes", f, 0);
  if (typeof selectionRule !== "function") {
    throw new FlwrError(
      "invalid-argument",
      `selectionRule must be a function: got ${typeof selectionRule}`,
    );
  }
  return collecting((replies) => {
    const least = leastReplies(f);
    if (replies.length < least) {
      const problem = `Bulyan needs ${least} usable replies (4 · numMaliciousNodes + 3), ` +
        `got ${replies.length}`;
      return { arrays: new Map(), problem };
    }
    const chosen = select(replies, f, selectionRule);
    const closest = chosen.length - 2 * f;
    const models = chosen.map(({ tensors }) => tensors);
    const arrays = orderStatistics(models, (sorted) => meanAroundMedian(sorted, closest));
    return { arrays, nodeIds: chosen.map(({ nodeId }) => nodeId) };
  });
}

function select(
  replies: readonly CheckedReply[],
  malicious: number,
  rule: SelectionRule,
): readonly CheckedReply[] {
  const count = replies.length - 2 * malicious;
  const selected = new Set(rule(replies, malicious, count));
  const kept = replies.filter((reply) => selected.has(reply));
  if (kept.length === count && selected.size === count) return kept;
  throw new FlwrError(
    "invalid-argument",
    `selectionRule returned ${kept.length} of the given replies, expected ${count}`,
    { hints: ["Return as many different replies as its third parameter says"] },
  );
}

/** The number of replies below which Bulyan gives no guarantee. */
export function leastReplies(malicious: number): number {
  return 4 * malicious + 3;
}

/**
 * The mean of the `count` values closest to the median. Of equally close values, the smaller wins.
 *
 * @param sorted in ascending order
 */
function meanAroundMedian(sorted: Float64Array, count: number): number {
  const half = sorted.length >> 1;
  // Halved before they are added, because the sum of two large doubles would not be finite.
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
