import { seededRandom } from "../../base/random.ts";
import type { Entropy } from "./entropy.ts";

/** Repeatable numbers, for tests alone: noise from them can be computed by anyone, and so protects nothing. */
export function forTestsSeededEntropy(seed: number): Entropy {
  const random = seededRandom(seed);
  return { next: () => random.uniform() * 2 ** 32 };
}
