/** Words of the generator's state. */
const SIZE = 624;
/** Distance of the word that is mixed in. */
const SHIFT = 397;
const MATRIX = 0x9908b0df | 0;
const UPPER = 0x80000000 | 0;
const LOWER = 0x7fffffff;

/**
 * The Mersenne Twister MT19937 (Matsumoto and Nishimura, 1998), seeded as numpy's `RandomState(seed)` seeds it: by one
 * 32-bit number (`init_genrand`). It is not a cryptographic generator. Flower's SecAgg+ makes its masks with it.
 */
export class Mt19937 {
  readonly #state = new Int32Array(SIZE);
  #used = SIZE;

  /** @param seed an integer; its low 32 bits count */
  constructor(seed: number) {
    const state = this.#state;
    state[0] = seed | 0;
    for (let i = 1; i < SIZE; i++) {
      const previous = state[i - 1]!;
      state[i] = (Math.imul(1812433253, previous ^ (previous >>> 30)) + i) | 0;
    }
  }

  /**
   * Makes the next 624 words. Each becomes an output by {@link temper}.
   *
   * @returns the state itself, as signed 32-bit integers: read it before the next call
   */
  twist(): Int32Array {
    const state = this.#state;
    for (let i = 0; i < SIZE - SHIFT; i++) {
      const y = (state[i]! & UPPER) | (state[i + 1]! & LOWER);
      state[i] = state[i + SHIFT]! ^ (y >>> 1) ^ (-(y & 1) & MATRIX);
    }
    for (let i = SIZE - SHIFT; i < SIZE - 1; i++) {
      const y = (state[i]! & UPPER) | (state[i + 1]! & LOWER);
      state[i] = state[i + SHIFT - SIZE]! ^ (y >>> 1) ^ (-(y & 1) & MATRIX);
    }
    const last = (state[SIZE - 1]! & UPPER) | (state[0]! & LOWER);
    state[SIZE - 1] = state[SHIFT - 1]! ^ (last >>> 1) ^ (-(last & 1) & MATRIX);
    this.#used = 0;
    return state;
  }

  /** The next output, from 0 to 2³² − 1. */
  next(): number {
    if (this.#used === SIZE) this.twist();
    return temper(this.#state[this.#used++]!) >>> 0;
  }

  /** A double in [0, 1) with 53 random bits, as numpy's `random_sample` draws it. */
  double(): number {
    const high = this.next() >>> 5;
    return (high * 67108864 + (this.next() >>> 6)) / 9007199254740992;
  }
}

/** The output that a word of the state gives, as a signed 32-bit integer. */
export function temper(word: number): number {
  let y = word ^ (word >>> 11);
  y ^= (y << 7) & 0x9d2c5680;
  y ^= (y << 15) & 0xefc60000;
  return y ^ (y >>> 18);
}
