import { checkCount } from "../../../base/check_option.ts";
import { paddedLength, SimdRows } from "../arrays/simd.ts";
import { squaredDistance } from "../arrays/update_norm.ts";
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
 * The weighted mean of the models closest to others (Blanchard et al., 2017, arXiv:1703.02757). A model's score is the
 * sum of its squared distances to the n − f − 2 (at least 1) closest of the n models. The models with the lowest scores
 * are selected. Of equal scores, the lower node id wins. Models of weight 0 are left out. All replies must contain the
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
  const distances = squaredDistances(models);
  return distances.map((row, i) => {
    const others = row.toSpliced(i, 1).sort((a, b) => a - b);
    return others.slice(0, closest).reduce((sum, distance) => sum + distance, 0);
  });
}

/** Number of elements of all models that are compared together, so they stay in a core's L2 cache. */
const BLOCK = 4096;

/** The squared Euclidean distance of each pair of models: sums of squared differences, in double precision. */
function squaredDistances(models: readonly Tensors[]): number[][] {
  const distances = models.map(() => models.map(() => 0));
  const simd = new SimdRows(models.length, BLOCK);
  for (const name of models[0]?.keys() ?? []) {
    const all = models.map((model) => model.get(name)!.data);
    const isSingle = all.every((data) => data instanceof Float32Array);
    for (let start = 0; start < all[0]!.length; start += BLOCK) {
      const blocks = all.map((data) => data.subarray(start, start + BLOCK));
      const { length } = blocks[0]!;
      if (isSingle) simd.rows.forEach((row, i) => fillRow(row, blocks[i] as Float32Array));
      for (let i = 0; i < blocks.length; i++) {
        for (let j = i + 1; j < blocks.length; j++) {
          distances[i]![j]! += isSingle
            ? simd.squaredDistance(i, j, length)
            : squaredDistance(blocks[i]!, blocks[j]!);
        }
      }
    }
  }
  for (const [i, row] of distances.entries()) {
    for (let j = 0; j < i; j++) row[j] = distances[j]![i]!;
  }
  return distances;
}

/** Writes a block, padded with zeros, whose differences are 0. */
function fillRow(row: Float32Array, block: Float32Array): void {
  row.set(block);
  row.fill(0, block.length, paddedLength(block.length));
}
