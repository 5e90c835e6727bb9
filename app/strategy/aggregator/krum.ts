import { checkCount } from "../../check_option.ts";
import type { CheckedReply } from "../contract/reply_contract.ts";
import type { Tensors } from "../round/round.ts";
import type { Aggregator } from "./aggregator.ts";
import { collecting } from "./collecting.ts";
import { WeightedMean } from "./mean.ts";

/** Options of {@link multiKrum}. */
export interface KrumSelectionOptions {
  /** f, the number of nodes assumed to be malicious, from 0 (default 0). */
  readonly numMaliciousNodes?: number;
  /** Number of models to average, from 1 (default 1, which is Krum). */
  readonly numNodesToSelect?: number;
}

/**
 * The weighted mean of the models closest to others (Blanchard et al., 2017, arXiv:1703.02757). Of n models, the score of
 * one is the sum of its squared distances to the n − f − 2 (at least 1) closest others. Those with the lowest scores are
 * selected; of equal ones, the one with the lower node id. Models of weight 0 are left out. All replies must contain the
 * same arrays.
 *
 * @throws FlwrError "invalid-argument" when an option is out of range
 */
export function multiKrum(
  { numMaliciousNodes = 0, numNodesToSelect = 1 }: KrumSelectionOptions = {},
): Aggregator {
  checkCount("numMaliciousNodes", numMaliciousNodes, 0);
  checkCount("numNodesToSelect", numNodesToSelect, 1);
  const mean = new WeightedMean();
  return collecting((replies, round) => {
    const chosen = selectByScore(replies, numMaliciousNodes, numNodesToSelect);
    const aggregation = mean.begin(round, chosen);
    for (const reply of chosen) aggregation.accumulate(reply);
    return { ...aggregation.finish(), nodeIds: chosen.map(({ nodeId }) => nodeId) };
  });
}

/**
 * The replies with the lowest scores among those with a weight, in ascending order of node id.
 *
 * @param malicious f
 * @param count the number of replies to select
 */
export function selectByScore(
  replies: readonly CheckedReply[],
  malicious: number,
  count: number,
): readonly CheckedReply[] {
  const candidates = replies.filter(({ weight }) => weight > 0);
  const scores = krumScores(candidates.map(({ tensors }) => tensors), malicious);
  const best = new Set(
    candidates
      .map((reply, i) => ({ reply, score: scores[i]! }))
      .sort((a, b) => a.score - b.score)
      .slice(0, count)
      .map(({ reply }) => reply),
  );
  return candidates.filter((reply) => best.has(reply));
}

/**
 * Krum's score of each model.
 *
 * @param models with the same names and shapes
 * @param malicious f
 */
export function krumScores(models: readonly Tensors[], malicious: number): number[] {
  const closest = Math.max(1, models.length - malicious - 2);
  return models.map((model) => {
    const distances = models
      .filter((other) => other !== model)
      .map((other) => squaredDistance(model, other))
      .sort((a, b) => a - b);
    return distances.slice(0, closest).reduce((sum, distance) => sum + distance, 0);
  });
}

function squaredDistance(a: Tensors, b: Tensors): number {
  let sum = 0;
  for (const [name, { data }] of a) {
    const other = b.get(name)!.data;
    for (let i = 0; i < data.length; i++) {
      const difference = Number(data[i]!) - Number(other[i]!);
      sum += difference * difference;
    }
  }
  return sum;
}
