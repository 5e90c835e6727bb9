import { FlwrError } from "../../base/error.ts";
import { lazy } from "../../base/lazy.ts";
import { seedInto, SIZE } from "../mt19937.ts";
import { BLOCK, GENERATOR_WORDS, GENERATORS, MASK_PLACES, maskProgram } from "./mask_program.ts";

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

/** A mask that is added to a vector, or subtracted from it. */
export interface SignedMask {
  /** See {@link maskSeed}. */
  readonly key: Uint8Array;
  /** 1 adds, −1 subtracts. */
  readonly sign: 1 | -1;
}

/** Its memory is all zeros between two calls. */
const program = lazy(maskProgram);

/**
 * Adds masks to a vector, modulo 2³², block by block.
 *
 * A mask's elements are numpy's `RandomState(seed).randint(0, modulus − 1)`: uniform from 0 to modulus − 2, by masked
 * rejection. The modulus divides 2³², so you can reduce the vector once, after the last mask.
 *
 * @param vector integers modulo 2³², changed in place
 * @param modulus a power of two from 4 to 2³²
 * @throws FlwrError "invalid-argument" for a key of another length; the vector is then as it was
 */
export function addMasks(
  vector: Int32Array,
  masks: readonly SignedMask[],
  modulus: number,
): void {
  const seeded = masks.map(({ key, sign }) => ({ seed: maskSeed(key), turn: sign === 1 ? 0 : -1 }));
  const { memory, add } = program();
  const block = new Int32Array(memory.buffer, MASK_PLACES.block, BLOCK);
  const address = (place: number) => MASK_PLACES.generators + 4 * GENERATOR_WORDS * place;
  // Outputs have the bits of modulus − 1, and the only one above modulus − 2 is rejected.
  const bits = (modulus - 1) | 0;
  try {
    for (let first = 0; first < seeded.length; first += GENERATORS) {
      const some = seeded.slice(first, first + GENERATORS);
      some.forEach(({ seed }, place) => {
        const words = new Int32Array(memory.buffer, address(place), GENERATOR_WORDS);
        seedInto(words, seed);
        words[SIZE] = 4 * SIZE;
      });
      for (let at = 0; at < vector.length; at += BLOCK) {
        const part = vector.subarray(at, at + BLOCK);
        block.set(part);
        some.forEach(({ turn }, place) => {
          add(address(place), MASK_PLACES.block, part.length, bits, turn);
        });
        part.set(block.subarray(0, part.length));
      }
    }
  } finally {
    new Uint8Array(memory.buffer).fill(0);
  }
}
