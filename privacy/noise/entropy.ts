/** A source of uniform random 32-bit numbers. */
export interface Entropy {
  /** The next number, 0 to 2³² − 1. */
  next(): number;
}

/** Numbers that are fetched at a time: the most bytes that WebCrypto gives in one call, 65,536. */
const BLOCK = 16_384;

/** The system's cryptographic random numbers, from WebCrypto. */
export class CryptoEntropy implements Entropy {
  readonly #block = new Uint32Array(BLOCK);
  #used = BLOCK;

  next(): number {
    if (this.#used === BLOCK) {
      crypto.getRandomValues(this.#block);
      this.#used = 0;
    }
    const number = this.#block[this.#used]!;
    // Used numbers do not stay in memory: noise that was added could be removed with them.
    this.#block[this.#used++] = 0;
    return number;
  }
}

/** A uniform random number in (0, 1), a multiple of 2⁻⁵³. */
export function uniform(entropy: Entropy): number {
  for (;;) {
    const number = ((entropy.next() >>> 5) * 2 ** 26 + (entropy.next() >>> 6)) / 2 ** 53;
    if (number > 0) return number;
  }
}

/** A uniform random whole number from 0 to below `limit`, which is at most 2⁵³. */
export function uniformBelow(limit: number, entropy: Entropy): number {
  if (limit === 1) return 0;
  const high = limit > 2 ** 32 ? 32 - Math.clz32((limit - 1) / 2 ** 32) : 0;
  const bits = high > 0 ? 32 : 32 - Math.clz32(limit - 1);
  for (;;) {
    // Numbers beyond the limit are drawn again, so that none is more likely than another.
    const low = entropy.next() >>> (32 - bits);
    const number = high === 0 ? low : (entropy.next() >>> (32 - high)) * 2 ** 32 + low;
    if (number < limit) return number;
  }
}
