import { FlwrError } from "../../base/error.ts";
import { Mt19937, temper } from "../mt19937.ts";

/**
 * The 32-bit seed of a mask: the XOR of the key's little-endian 32-bit words, as Flower makes it. All of a mask's entropy
 * is in these 32 bits.
 *
 * @param key bytes, a multiple of 4
 * @throws FlwrError "invalid-argument" for another length
 */
export function maskSeed(key: Uint8Array): number {
  if (key.length === 0 || key.length % 4 !== 0) {
    throw new FlwrError(
      "invalid-argument",
      `A mask's key has a multiple of 4 bytes: got ${key.length}`,
    );
  }
  const view = new DataView(key.buffer, key.byteOffset, key.length);
  let seed = 0;
  for (let at = 0; at < key.length; at += 4) seed ^= view.getInt32(at, true);
  return seed >>> 0;
}

/**
 * Adds a mask to a vector, or subtracts it, modulo 2³².
 *
 * The mask's elements are numpy's `RandomState(seed).randint(0, modulus − 1)`: uniform from 0 to modulus − 2, by masked
 * rejection. The modulus divides 2³², so you can reduce the vector once, after the last mask.
 *
 * @param vector integers modulo 2³², changed in place
 * @param key see {@link maskSeed}
 * @param modulus a power of two from 4 to 2³²
 * @param sign 1 adds, −1 subtracts
 */
export function addMask(
  vector: Int32Array,
  key: Uint8Array,
  modulus: number,
  sign: 1 | -1,
): void {
  const generator = new Mt19937(maskSeed(key));
  const bits = (modulus - 1) | 0;
  // The only value of `bits` bits that is above modulus − 2.
  const rejected = bits;
  // −1 turns the sign: (v ^ −1) − (−1) is −v.
  const turn = sign === 1 ? 0 : -1;
  const { length } = vector;
  let at = 0;
  while (at < length) {
    const words = generator.twist();
    for (let i = 0; i < words.length && at < length; i++) {
      const value = temper(words[i]!) & bits;
      if (value === rejected) continue;
      vector[at] = (vector[at]! + ((value ^ turn) - turn)) | 0;
      at++;
    }
  }
}
