import { mixBits, seededRandom } from "../../base/random.ts";

/**
 * The numbers 0 … count−1 in a random order (Fisher–Yates).
 *
 * @param seed the same seed gives the same order
 */
export function permutation(count: number, seed: number): Int32Array {
  const order = ascending(count);
  const random = seededRandom(seed);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random.uniform() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** The order of the examples in an epoch, from 1. It differs between epochs and between seeds. */
export function epochOrder(
  count: number,
  shuffle: boolean,
  seed: number,
  epoch: number,
): Int32Array {
  // The seed is mixed, because otherwise consecutive seeds would share orders of epochs.
  return shuffle ? permutation(count, mixBits(mixBits(seed) + epoch)) : ascending(count);
}

function ascending(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => i);
}
