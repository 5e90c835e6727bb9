/** Source of randomness, injected so that tests can repeat a run. */
export interface Random {
  /** A random number in [0, 1). */
  uniform(): number;
  /** A uniformly random unsigned 64-bit integer, as used for Flower's node and run ids. */
  uint64(): bigint;
  /** A random (version 4) UUID, as used for task ids of the 1.9 wire. */
  uuid(): string;
}

/** The platform's cryptographic generator. */
export const systemRandom: Random = {
  uniform: () => crypto.getRandomValues(new Uint32Array(1))[0]! / 2 ** 32,
  uint64: () => crypto.getRandomValues(new BigUint64Array(1))[0]!,
  uuid: () => crypto.randomUUID(),
};

/** MurmurHash3's finaliser: maps the low 32 bits of an integer to 32 well-mixed bits. */
export function mixBits(number: number): number {
  let z = number >>> 0;
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return (z ^ (z >>> 16)) >>> 0;
}

/**
 * A repeatable generator for tests, shuffling and sampling: xoshiro128** (Blackman and Vigna, 2018), seeded by
 * SplitMix32. Not for keys.
 *
 * @param seed any integer; only its low 32 bits are used
 */
export function seededRandom(seed: number): Random {
  let mixer = seed >>> 0;
  const mix = () => {
    mixer = (mixer + 0x9e3779b9) >>> 0;
    return mixBits(mixer);
  };
  let [a, b, c, d] = [mix(), mix(), mix(), mix()];
  const rotate = (x: number, bits: number) => (x << bits) | (x >>> (32 - bits));
  const next = () => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = rotate(d, 11);
    return result;
  };
  const uint64 = () => (BigInt(next()) << 32n) | BigInt(next());
  return {
    uniform: () => next() / 2 ** 32,
    uint64,
    uuid: () => {
      const high = (uint64() & ~0xf000n) | 0x4000n;
      const low = (uint64() & 0x3fffffffffffffffn) | 0x8000000000000000n;
      const hex = high.toString(16).padStart(16, "0") + low.toString(16).padStart(16, "0");
      return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
    },
  };
}
