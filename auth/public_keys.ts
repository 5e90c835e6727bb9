import { readPem } from "./pem.ts";
import { type PublicKey, publicKeyFromSpki } from "./public_key.ts";
import { FlwrError } from "../base/error.ts";
import { RecentMap } from "../base/recent_map.ts";

/** How many nodes' public keys are kept read at once; the one unused for longest is read again when it returns. */
const MAX_CACHED_PUBLIC_KEYS = 10_000;

/** Longest PEM text of a public key that is read, in bytes: P-521 takes 268. */
const MAX_PUBLIC_KEY_PEM_BYTES = 512;

/** Public keys as callers name them, read once: a point is checked, and imported, at a key's first call only. */
export class PublicKeys {
  /** By PEM text. */
  readonly #known: RecentMap<string, PublicKey>;

  /** @param capacity how many are kept; beyond it the one unused for longest goes */
  constructor(capacity: number = MAX_CACHED_PUBLIC_KEYS) {
    this.#known = new RecentMap(capacity);
  }

  /** The number of keys kept. */
  get size(): number {
    return this.#known.size;
  }

  /**
   * The key of a SubjectPublicKeyInfo in PEM.
   *
   * @param pem its text as bytes, byte for byte as Python writes it, for so Flower compares keys
   * @returns undefined for anything else
   */
  async read(pem: Uint8Array): Promise<PublicKey | undefined> {
    if (pem.length > MAX_PUBLIC_KEY_PEM_BYTES) return undefined;
    const text = new TextDecoder().decode(pem);
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const key = await parse(text);
    if (key !== undefined) this.#known.set(text, key);
    return key;
  }
}

async function parse(text: string): Promise<PublicKey | undefined> {
  const block = readPem(text).find(({ label }) => label === "PUBLIC KEY");
  if (block?.bytes === undefined) return undefined;
  try {
    const key = await publicKeyFromSpki(block.bytes, "of a call");
    return key.pem === text ? key : undefined;
  } catch (error) {
    if (FlwrError.from(error).code === "invalid-argument") return undefined;
    throw error;
  }
}
