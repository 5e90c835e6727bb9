import { seededRandom } from "../../base/random.ts";

/**
 * The numbers 0 … count−1 in an order that the seed decides (Fisher–Yates).
 *
 * @param seed the same seed gives the same order
 */
export function permutation(count: number, seed: number): Int32Array {
  const order = Int32Array.from({ length: count }, (_, i) => i);
  const random = seededRandom(seed);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random.uniform() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
