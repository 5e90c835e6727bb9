import { type Clock, systemClock } from "../base/clock.ts";
import { MAX_REMEMBERED_PER_PEER, MAX_REMEMBERED_SIGNATURES } from "./limits.ts";

/** How long and how much a replay guard remembers. */
export interface ReplayGuardOptions {
  /** How long a value is remembered, in seconds: at least as long as it would be accepted. */
  readonly windowSeconds: number;
  /** Most values remembered in all; default MAX_REMEMBERED_SIGNATURES. */
  readonly capacity?: number;
  /** Most values remembered of one peer; default MAX_REMEMBERED_PER_PEER. */
  readonly perPeer?: number;
  /** Default: the machine's clock. */
  readonly clock?: Clock;
}

/** What a replay guard says to a value: "full" means it could not be remembered and must not be accepted either. */
export type ReplayVerdict = "fresh" | "replayed" | "full";

/**
 * Remembers what was accepted from each peer, so that it is accepted once.
 *
 * For values that are different in every honest call, as signatures with a time are. Flower 1.9's tokens are not:
 * two pings of one node carry the same.
 */
export class ReplayGuard {
  readonly #options: Required<ReplayGuardOptions>;
  /** Expiry and peer of each remembered value; as the window is constant, the first to expire comes first. */
  readonly #remembered = new Map<string, { expires: number; peer: string }>();
  readonly #counts = new Map<string, number>();

  constructor(options: ReplayGuardOptions) {
    this.#options = {
      capacity: MAX_REMEMBERED_SIGNATURES,
      perPeer: MAX_REMEMBERED_PER_PEER,
      clock: systemClock,
      ...options,
    };
  }

  /** The number of values remembered at the last call. */
  get size(): number {
    return this.#remembered.size;
  }

  /**
   * Remembers a value, unless it is known. Ask only after the value was found genuine: strangers must not fill the memory.
   *
   * @param peer whose value it is, as the fingerprint of its key
   * @param value what must not come twice from this peer
   */
  accept(peer: string, value: string): ReplayVerdict {
    const now = this.#options.clock.now();
    this.#forgetUntil(now);
    const id = `${peer} ${value}`;
    if (this.#remembered.has(id)) return "replayed";
    const count = this.#counts.get(peer) ?? 0;
    if (this.#remembered.size >= this.#options.capacity || count >= this.#options.perPeer) {
      return "full";
    }
    this.#remembered.set(id, { expires: now + this.#options.windowSeconds, peer });
    this.#counts.set(peer, count + 1);
    return "fresh";
  }

  #forgetUntil(now: number): void {
    for (const [id, { expires, peer }] of this.#remembered) {
      if (expires > now) break;
      this.#remembered.delete(id);
      const count = this.#counts.get(peer)! - 1;
      if (count > 0) this.#counts.set(peer, count);
      else this.#counts.delete(peer);
    }
  }
}
