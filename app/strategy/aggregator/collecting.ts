import type { CheckedReply } from "../contract/reply_contract.ts";
import type { PhaseRound } from "../round/round.ts";
import type { Aggregate, Aggregator } from "./aggregator.ts";

/**
 * An aggregator that needs all replies at the same time, for example for medians or distances. The ServerApp then holds
 * all of them.
 *
 * @param aggregate computes the aggregate of replies in ascending order of node id: at least one
 */
export function collecting(
  aggregate: (replies: readonly CheckedReply[], round: PhaseRound) => Aggregate,
): Aggregator {
  return {
    streams: false,
    begin(round) {
      const replies: CheckedReply[] = [];
      return {
        accumulate: (reply) => void replies.push(reply),
        finish: () => aggregate(replies, round),
      };
    },
  };
}
