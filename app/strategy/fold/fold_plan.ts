import type { Aggregator } from "../aggregator/aggregator.ts";
import { type ReplyWeights, weightsOf } from "../aggregator/mean.ts";
import { ModelContract, type PlainModelContract } from "../contract/model_contract.ts";
import type { ReplyContract } from "../contract/reply_contract.ts";
import type { Postprocessor } from "../postprocessor/postprocessor.ts";
import { MAX_TERMS } from "./binned_sum.ts";

/** How replies are folded into one sum before they reach the ServerApp: as plain data, for other threads. */
export interface FoldPlan {
  /** Number of replies at most. */
  readonly replies: number;
  /** The options of the contract that each reply is checked against. */
  readonly contract: PlainModelContract;
  /** The weight of a reply's arrays. */
  readonly weights: ReplyWeights;
}

/** What decides whether the replies of a round can be folded. */
export interface FoldableParts {
  readonly aggregator: Aggregator;
  readonly contract: ReplyContract;
  readonly postprocessors: readonly Postprocessor[];
}

/**
 * The plan for the replies of a round; undefined if the strategy needs each of them. Only what this project's own parts
 * do is known: a weighted mean of whole models that a {@link ModelContract} checks, without postprocessors. An
 * aggregator or a contract that somebody else wrote, or derived from these, gets every reply.
 *
 * @param replies number of replies at most
 */
export function foldPlan(
  { aggregator, contract, postprocessors }: FoldableParts,
  replies: number,
): FoldPlan | undefined {
  if (postprocessors.length > 0 || replies > MAX_TERMS) return undefined;
  const weights = weightsOf(aggregator);
  const plain = contract instanceof ModelContract ? contract.plain() : undefined;
  return weights && plain && { replies, contract: plain, weights };
}
