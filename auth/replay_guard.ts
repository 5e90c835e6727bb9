import { type Clock, systemClock } from "../base/clock.ts";
import type { VerifiedTime } from "./signed_time.ts";

/** How many accepted signatures a replay guard remembers over all peers. */
const MAX_REMEMBERED_SIGNATURES = 1_000_000;

/** How many of them one peer takes up, beyond which its oldest are forgotten and refused by their time. */
const MAX_REMEMBERED_PER_PEER = 20_000;

/** How long and how much a replay guard remembers. */
export interface ReplayGuardOptions {
  /** How long a signature is remembered, in seconds: at least as long as it would be accepted. */
  readonly windowSeconds: number;
  /** Most signatures remembered in all; default MAX_REMEMBERED_SIGNATURES. */
  readonly capacity?: number;
  /** Most signatures remembered of one peer; default MAX_REMEMBERED_PER_PEER. */
  readonly perPeer?: number;
  /** Default: the machine's clock. */
  readonly clock?: Clock;
}

/**
 * What a replay guard says to a signature. "stale": its time is so old, compared with what came since, that it may have
 * been forgotten; it must not be accepted either.
 */
export type ReplayVerdict = "fresh" | "replayed" | "stale";

/** What is remembered of one peer. */
interface PeerMemory {
  /** When each signature is forgotten, by its nonce; as the window is constant, the first to expire comes first. */
  readonly seen: Map<string, { readonly expires: number; readonly time: number }>;
  /** No signature of that time or an earlier one is accepted: some of them were forgotten before they expired. */
  floor: number;
}

/**
 * Remembers the signatures that were accepted from each peer, so that each is accepted once.
 *
 * Flower's own clients notice nothing of it: those of 1.38 (gRPC) and 1.41 (HTTP) sign anew for every try, also of one
 * call, and their signatures are randomised, so that two of the same microsecond differ. What a transport sends again
 * by itself (gRPC after a GOAWAY, HTTP when a kept connection was closed) never reached a handler.
 *
 * A peer that calls more often than the guard remembers is not refused: its oldest signatures are forgotten, and with
 * them goes every signature of their time or before. What an honest client sends is never that old.
 */
export class ReplayGuard {
  readonly #options: Required<ReplayGuardOptions>;
  /** The peer that was heard last comes last. */
  readonly #peers = new Map<string, PeerMemory>();
  #size = 0;
  /** The floor of all peers whose memory was dropped when there was no more room. */
  #floor = -Infinity;

  constructor(options: ReplayGuardOptions) {
    this.#options = {
      capacity: MAX_REMEMBERED_SIGNATURES,
      perPeer: MAX_REMEMBERED_PER_PEER,
      clock: systemClock,
      ...options,
    };
  }

  /** The number of signatures remembered. */
  get size(): number {
    return this.#size;
  }

  /**
   * Remembers a signature, unless it is known. Ask only after it was found genuine: strangers must not fill the memory.
   *
   * @param peer whose signature it is, as the fingerprint of its key
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

  /** Drops peers that were silent for the whole window: what they signed is refused for its age by now. */
  #forgetSilent(now: number): void {
    for (const [peer, memory] of this.#peers) {
      this.#forgetExpired(memory, now);
      if (memory.seen.size > 0) break;
      this.#peers.delete(peer);
    }
  }

  /** Drops the peer that has been silent for longest, and if it had nothing the next. */
  #makeRoom(except: string): void {
    for (const [peer, { seen }] of this.#peers) {
      if (peer === except || this.#size < this.#options.capacity) break;
      this.#peers.delete(peer);
      for (const { time } of seen.values()) this.#floor = Math.max(this.#floor, time);
      this.#size -= seen.size;
    }
  }
}
