import { RecentMap } from "../base/recent_map.ts";
import type { PrivateKey } from "./private_key.ts";
import type { PublicKey } from "./public_key.ts";
import { TokenKey } from "./token_key.ts";

/** How many peers' HMAC keys are kept at once; the one unused for longest is derived again when it returns. */
const MAX_CACHED_TOKEN_KEYS = 10_000;

/** The HMAC keys shared with each peer, derived when first asked for and kept. */
export class TokenKeys {
  readonly #own: PrivateKey;
  /** By the peer's PEM. */
  readonly #cached: RecentMap<string, Promise<TokenKey>>;

  /** @param capacity how many are kept; beyond it the one unused for longest goes */
  constructor(own: PrivateKey, capacity: number = MAX_CACHED_TOKEN_KEYS) {
    this.#own = own;
    this.#cached = new RecentMap(capacity);
  }

  /** The number of keys kept. */
  get size(): number {
    return this.#cached.size;
  }

  /**
   * The key shared with a peer.
   *
   * @throws FlwrError failed-precondition when the peer's key is on another curve than ours
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

  /** Drops the key of a peer that is no longer admitted. */
  forget(peer: PublicKey): void {
    this.#cached.delete(peer.pem);
  }
}
