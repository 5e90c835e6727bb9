import { LOWER, MATRIX, seedInto, SHIFT, SIZE, TEMPERING, UPPER } from "../mt19937.ts";

/** The Mersenne Twister, one word at a time, as its authors wrote it: what the masks are compared with. */
export class Mt19937 {
  readonly #state = new Int32Array(SIZE);
  #used = SIZE;

  /** @param seed an integer; its low 32 bits count */
  constructor(seed: number) {
    seedInto(this.#state, seed);
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
function temper(word: number): number {
  const { first, second, secondMask, third, thirdMask, last } = TEMPERING;
  let y = word ^ (word >>> first);
  y ^= (y << second) & secondMask;
  y ^= (y << third) & thirdMask;
  return y ^ (y >>> last);
}
