import { RecentMap } from "../base/recent_map.ts";
import type { PrivateKey } from "./private_key.ts";
import type { PublicKey } from "./public_key.ts";
import { TokenKey } from "./token_key.ts";

/** Number of HMAC keys to cache. The least recently used ones are removed. */
const MAX_CACHED_TOKEN_KEYS = 10_000;

/** Cache of the HMAC keys shared with peers. A key is derived at its first use. */
export class TokenKeys {
  readonly #own: PrivateKey;
  /** Keys by the peer's PEM text. */
  readonly #cached: RecentMap<string, Promise<TokenKey>>;

  /** @param capacity number of keys to keep; the least recently used ones are removed */
  constructor(own: PrivateKey, capacity: number = MAX_CACHED_TOKEN_KEYS) {
    this.#own = own;
    this.#cached = new RecentMap(capacity);
  }

  /** The number of cached keys. */
  get size(): number {
    return this.#cached.size;
  }

  /**
   * Returns the key shared with a peer.
   *
   * @throws FlwrError failed-precondition if the peer's key is on another curve
   */
  async for(peer: PublicKey): Promise<TokenKey> {
    const key = this.#cached.get(peer.pem) ?? TokenKey.derive(this.#own, peer);
    this.#cached.set(peer.pem, key);
    try {
      return await key;
    } catch (error) {
      this.#cached.delete(peer.pem);
      throw error;
    }
  }

  /** Removes the key of a peer that is no longer admitted. */
  forget(peer: PublicKey): void {
    this.#cached.delete(peer.pem);
  }
}
