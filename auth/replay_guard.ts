import { type Clock, systemClock } from "../base/clock.ts";
import type { VerifiedTime } from "./signed_time.ts";

/** Default number of signatures to remember for all peers together. */
const MAX_REMEMBERED_SIGNATURES = 1_000_000;

/** Default number of signatures to remember for one peer. Older ones are refused by their time. */
const MAX_REMEMBERED_PER_PEER = 20_000;

/** Options of a {@link ReplayGuard}. */
export interface ReplayGuardOptions {
  /** Time for which a signature is remembered, in seconds: at least as long as it is valid. */
  readonly windowSeconds: number;
  /** Largest number of signatures of all peers; default MAX_REMEMBERED_SIGNATURES. */
  readonly capacity?: number;
  /** Largest number of signatures of one peer; default MAX_REMEMBERED_PER_PEER. */
  readonly perPeer?: number;
  /** Default: the machine's clock. */
  readonly clock?: Clock;
}

/**
 * Result of {@link ReplayGuard.accept}. "stale": the signature is older than ones that the guard has already forgotten,
 * so it may have been used; it must not be accepted.
 */
export type ReplayVerdict = "fresh" | "replayed" | "stale";

/** Remembered signatures of one peer. */
interface PeerMemory {
  /** Signatures by nonce, with the time at which each expires, in the order of expiry. */
  readonly seen: Map<string, { readonly expires: number; readonly time: number }>;
  /** Signatures with this time or earlier are refused, because some of them were forgotten before they expired. */
  floor: number;
}

/**
 * Replay guard: accepts each signature of a peer once.
 *
 * Flower's own clients are not affected. Those of 1.38 (gRPC) and 1.41 (HTTP) create a new signature for every attempt
 * of a call, and their signatures are randomised, so that two in the same microsecond differ. A request that a
 * transport repeats by itself (gRPC after a GOAWAY, HTTP after a closed connection) never reached a handler.
 *
 * A peer that calls more often than the guard can remember is not refused. Its oldest signatures are forgotten, and
 * signatures with their time or earlier are then refused. Honest clients send no signatures that old.
 */
export class ReplayGuard {
  readonly #options: Required<ReplayGuardOptions>;
  /** Peers in the order of their last call. */
  readonly #peers = new Map<string, PeerMemory>();
  #size = 0;
  /** The floor of all peers that were removed because the guard was full. */
  #floor = -Infinity;

  constructor(options: ReplayGuardOptions) {
    this.#options = {
      capacity: MAX_REMEMBERED_SIGNATURES,
      perPeer: MAX_REMEMBERED_PER_PEER,
      clock: systemClock,
      ...options,
    };
  }

  /** The number of remembered signatures. */
  get size(): number {
    return this.#size;
  }

  /**
   * Accepts a signature unless it was used before. Call this only for a verified signature; otherwise strangers could
   * fill the memory.
   *
   * @param peer identifies the signer, for example the fingerprint of its key
   */
  accept(peer: string, { nonce, seconds: time }: VerifiedTime): ReplayVerdict {
    const now = this.#options.clock.now();
    this.#forgetSilent(now);
    const memory = this.#memoryOf(peer, now);
    if (memory.seen.has(nonce)) return "replayed";
    if (time <= memory.floor || time <= this.#floor) return "stale";
    if (memory.seen.size >= this.#options.perPeer) this.#forgetOldest(memory);
    if (this.#size >= this.#options.capacity) this.#makeRoom(peer);
    memory.seen.set(nonce, { expires: now + this.#options.windowSeconds, time });
    this.#size += 1;
    return "fresh";
  }

  #memoryOf(peer: string, now: number): PeerMemory {
    const memory = this.#peers.get(peer) ?? { seen: new Map(), floor: -Infinity };
    this.#peers.delete(peer);
    this.#peers.set(peer, memory);
    this.#forgetExpired(memory, now);
    return memory;
  }

  #forgetExpired({ seen }: PeerMemory, now: number): void {
    for (const [nonce, { expires }] of seen) {
      if (expires > now) break;
      seen.delete(nonce);
      this.#size -= 1;
    }
  }

  #forgetOldest(memory: PeerMemory): void {
    for (const [nonce, { time }] of memory.seen) {
      memory.seen.delete(nonce);
      memory.floor = Math.max(memory.floor, time);
      this.#size -= 1;
      break;
    }
  }

  /** Removes peers without calls in the whole window, because their signatures have expired. */
  #forgetSilent(now: number): void {
    for (const [peer, memory] of this.#peers) {
      this.#forgetExpired(memory, now);
      if (memory.seen.size > 0) break;
      this.#peers.delete(peer);
    }
  }

  /** Removes the peers with the oldest last calls until there is room. */
  #makeRoom(except: string): void {
    for (const [peer, { seen }] of this.#peers) {
      if (peer === except || this.#size < this.#options.capacity) break;
      this.#peers.delete(peer);
      for (const { time } of seen.values()) this.#floor = Math.max(this.#floor, time);
      this.#size -= seen.size;
    }
  }
}
