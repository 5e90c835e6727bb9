import { AesKeystream, hmacSha256 } from "../../base/platform.ts";
import type { Entropy } from "./entropy.ts";

/** Bytes of a key. */
export const KEY_BYTES = 32;

/** Numbers that are computed at a time. */
const BLOCK = 16_384;

/**
 * Random numbers that a secret key determines: the keystream of AES-256 in counter mode. Without the key, they cannot
 * be distinguished from the system's. With it, they can be drawn again. Use a key for one sequence only.
 */
export class KeyedEntropy implements Entropy {
  readonly #keystream: AesKeystream;
  #block = new Uint32Array(0);
  #used = 0;

  /** @param key 32 secret bytes */
  constructor(key: Uint8Array) {
    this.#keystream = new AesKeystream(key);
  }

  next(): number {
    if (this.#used === this.#block.length) {
      const view = new DataView(this.#keystream.next(4 * BLOCK).buffer);
      // The same numbers on each machine, whatever the order of its bytes.
      this.#block = Uint32Array.from({ length: BLOCK }, (_, i) => view.getUint32(4 * i, true));
      this.#used = 0;
    }
    return this.#block[this.#used++]!;
  }
}

/** A new key from WebCrypto. */
export function newKey(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(KEY_BYTES));
}

/** A key for one purpose, which the keys of other purposes do not reveal: HMAC-SHA-256. */
export function derivedKey(key: Uint8Array, purpose: Iterable<Uint8Array>): Uint8Array {
  return hmacSha256(key, purpose);
}
