import { addWords, type RingVector } from "./ring_vector.ts";

/** Bytes of a block of AES. */
const BLOCK_BYTES = 16;

/** Bytes of a mask that are made at once: a whole number of blocks. */
const PIECE_BYTES = 2 ** 20;

const ZEROS = new Uint8Array(PIECE_BYTES);

/**
 * Adds a mask to a vector, or subtracts it: the key stream of AES-256-CTR, whose counter begins at 0. So a key must be
 * used for one mask only.
 *
 * @param vector changed in place
 * @param key 32 bytes
 * @param sign 1 adds, −1 subtracts
 */
export async function addMask(vector: RingVector, key: Uint8Array, sign: 1 | -1): Promise<void> {
  const raw = key as Uint8Array<ArrayBuffer>;
  const cipher = await crypto.subtle.importKey("raw", raw, "AES-CTR", false, ["encrypt"]);
  const { words, bits } = vector;
  for (let at = 0; at < words.byteLength; at += PIECE_BYTES) {
    const bytes = Math.min(PIECE_BYTES, words.byteLength - at);
    const counter = new Uint8Array(BLOCK_BYTES);
    new DataView(counter.buffer).setBigUint64(8, BigInt(at / BLOCK_BYTES));
    const algorithm = { name: "AES-CTR", counter, length: 64 };
    const stream = await crypto.subtle.encrypt(algorithm, cipher, ZEROS.subarray(0, bytes));
    const target = words.subarray(at / 4, (at + bytes) / 4);
    addWords(target, new Int32Array(stream), bits, sign);
  }
}
