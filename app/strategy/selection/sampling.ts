import { currentRandom } from "../../../base/current_random.ts";
import { type Random, seededRandom } from "../../../base/random.ts";
import type { NodeId } from "../../../entities/metadata.ts";
import type { PhaseRound } from "../round/round.ts";

/**
 * Number of nodes that a phase asks: a fraction of those online, rounded down, but at least the minimum (as in Flower's
 * FedAvg); 0 if the fraction is 0.
 */
export function sampleSize(online: number, fraction: number, minimum: number): number {
  return fraction === 0 ? 0 : Math.max(Math.floor(online * fraction), minimum);
}

/**
 * Chooses nodes uniformly at random, without repetition (a partial Fisher-Yates shuffle).
 *
 * @param nodeIds in a fixed order, so the same seed gives the same choice
 * @param count at most the number of nodes
 * @returns the chosen nodes in ascending order
 */
export function sampleNodes(nodeIds: readonly NodeId[], count: number, random: Random): NodeId[] {
  const pool = [...nodeIds];
  for (let i = 0; i < count; i++) {
    const j = i + Math.floor(random.uniform() * (pool.length - i));
    [pool[i], pool[j]] = [pool[j]!, pool[i]!];
  }
  return pool.slice(0, count).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/**
 * The generator of a round's choices. It depends only on the seed, the phase and the round, so a resumed run chooses
 * the same nodes as an uninterrupted one.
 *
 * @param seed undefined: the platform's generator
 */
export function roundRandom(
  seed: number | undefined,
  { number, phase }: Pick<PhaseRound, "number" | "phase">,
): Random {
  if (seed === undefined) return currentRandom();
  // A multiple of 2³² / golden ratio spreads the seeds.
  return seededRandom(seed + Math.imul(2 * number + (phase === "train" ? 0 : 1), 0x9e3779b1));
}
