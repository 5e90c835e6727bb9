import { readPem } from "./pem.ts";
import { type PublicKey, publicKeyFromSpki } from "./public_key.ts";
import { FlwrError } from "../base/error.ts";
import { RecentMap } from "../base/recent_map.ts";

/** Number of public keys to cache. The least recently used ones are removed. */
const MAX_CACHED_PUBLIC_KEYS = 10_000;

/** Longest accepted PEM text of a public key, in bytes. P-521 needs 268. */
const MAX_PUBLIC_KEY_PEM_BYTES = 512;

/** Cache of the public keys in calls. A key is checked and imported only at its first call. */
export class PublicKeys {
  /** Keys by PEM text. */
  readonly #known: RecentMap<string, PublicKey>;

  /** @param capacity number of keys to keep; the least recently used ones are removed */
  constructor(capacity: number = MAX_CACHED_PUBLIC_KEYS) {
    this.#known = new RecentMap(capacity);
  }

  /** The number of cached keys. */
  get size(): number {
    return this.#known.size;
  }

  /**
   * Parses the PEM text of a SubjectPublicKeyInfo.
   *
   * @param pem the text as bytes. It must be exactly as Python writes it, because Flower compares keys by their text
   * @returns undefined if it is anything else
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
