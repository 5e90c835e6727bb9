/**
 * The Mersenne Twister MT19937 (Matsumoto and Nishimura, 1998), seeded as numpy's `RandomState(seed)` seeds it: by one
 * 32-bit number (`init_genrand`). It is not a cryptographic generator. Flower's SecAgg+ makes its masks with it.
 */

/** Words of the generator's state. */
export const SIZE = 624;
/** Distance of the word that is mixed in. */
export const SHIFT = 397;
/** What is mixed in for odd words. */
export const MATRIX = 0x9908b0df | 0;
/** The highest bit of a word. */
export const UPPER = 0x80000000 | 0;
/** The other bits of a word. */
export const LOWER = 0x7fffffff;
/** Shifts and masks that make an output of a word, in their order: right, left and mask twice, right. */
export const TEMPERING = {
  first: 11,
  second: 7,
  secondMask: 0x9d2c5680 | 0,
  third: 15,
  thirdMask: 0xefc60000 | 0,
  last: 18,
} as const;

/** Fills the {@link SIZE} words of a generator's state from a seed. The first outputs come after the next twist. */
export function seedInto(state: Int32Array, seed: number): void {
  let previous = seed | 0;
  state[0] = previous;
  for (let i = 1; i < SIZE; i++) {
    previous = (Math.imul(1812433253, previous ^ (previous >>> 30)) + i) | 0;
    state[i] = previous;
  }
}
