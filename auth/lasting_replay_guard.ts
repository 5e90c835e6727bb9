import { type Clock, systemClock } from "../base/clock.ts";
import { ReplayGuard, type ReplayVerdict } from "./replay_guard.ts";
import type { VerifiedTime } from "./signed_time.ts";

/**
 * Seconds beyond a signature's own time that are noted as used before it is accepted. A peer that calls all the time
 * costs one write in so long; after a crash of the SuperLink it waits at most so long to be heard again.
 */
const RESERVED_AHEAD_SECONDS = 1;

/** Seconds between two looks for peers whose last signature does not count any more. */
const SIGNER_SWEEP_SECONDS = 60;

/** Keeps, beyond the life of a process, up to which signed time each peer's signatures may have been accepted. */
export interface SignerLedger {
  /** What was noted, by peer. */
  read(): Promise<ReadonlyMap<string, number>>;
  /**
   * Notes times in the place of those that are there; resolves when they survive the death of the process. Calls take
   * effect in their order.
   *
   * @param until signed Unix times, by peer
   * @param forgetBefore what was noted with an earlier time is of no use any more
   */
  note(until: ReadonlyMap<string, number>, forgetBefore: number): Promise<void>;
}

/** Keeps nothing: a process without a database accepts once more, after its restart, what it accepted before. */
export const NO_LEDGER: SignerLedger = {
  read: () => Promise.resolve(new Map()),
  note: () => Promise.resolve(),
};

/** "unsure": a process before this one may have accepted the signature; the peer has to sign anew, a moment later. */
export type LastingVerdict = ReplayVerdict | "unsure";

/** How long signatures count, and where it is noted which were accepted. */
export interface LastingReplayGuardOptions {
  /** How long a signature counts, in seconds. */
  readonly windowSeconds: number;
  /** Default: NO_LEDGER. */
  readonly ledger?: SignerLedger;
  /** Default: the machine's clock. */
  readonly clock?: Clock;
}

/** What is known of a peer that signed. */
interface Signer {
  /** Up to which signed time the ledger says that signatures may have been accepted. */
  noted: number;
  /** The latest signed time that was accepted. */
  highest: number;
}

/**
 * A replay guard that survives the death of its process, at any moment.
 *
 * To note each signature would be a write per call. Instead a peer's time is noted ahead: before a signature is
 * accepted whose time lies beyond what is noted of the peer, a time {@link RESERVED_AHEAD_SECONDS} later is noted, and
 * until that is reached nothing more is written. So whatever was accepted lies below what is noted, and after a
 * restart only what was signed later is accepted. Times of one peer are compared with times of the same peer alone: it
 * does not matter how far its clock is off. After a crash a peer has to wait until its own clock has passed what was
 * noted ahead; a process that ends in good order notes the exact times, and nobody waits.
 */
export class LastingReplayGuard {
  readonly #windowSeconds: number;
  readonly #clock: Clock;
  readonly #ledger: SignerLedger;
  readonly #replays: ReplayGuard;
  readonly #signers = new Map<string, Signer>();
  /** What earlier processes may have accepted; empty once none of it counts any more. */
  #earlier: ReadonlyMap<string, number>;
  readonly #start: number;
  #swept: number;
  #settled = false;
  /** What the next write notes. */
  #pending = new Map<string, number>();
  #next: Promise<void> | undefined;
  #last: Promise<void> = Promise.resolve();

  /** A guard that knows what earlier processes noted in the ledger. */
  static async open(options: LastingReplayGuardOptions): Promise<LastingReplayGuard> {
    return new LastingReplayGuard(options, await options.ledger?.read());
  }

  /** @param earlier what earlier processes noted, by peer; nothing by default */
  constructor(
    options: LastingReplayGuardOptions,
    earlier: ReadonlyMap<string, number> = new Map(),
  ) {
    const { windowSeconds, ledger = NO_LEDGER, clock = systemClock } = options;
    this.#windowSeconds = windowSeconds;
    this.#clock = clock;
    this.#ledger = ledger;
    this.#replays = new ReplayGuard({ windowSeconds, clock });
    this.#earlier = earlier;
    this.#start = this.#swept = clock.now();
  }

  /** The number of peers kept account of. */
  get size(): number {
    return this.#signers.size;
  }

  /**
   * Remembers a signature, unless it is known. Ask only after it was found genuine, and act upon it only after the
   * answer.
   *
   * @param peer whose signature it is, as the fingerprint of its key
   * @param aheadSeconds how far beyond the signature's own time is noted; 0 where a peer signs but once
   * @throws what the ledger throws: the signature is not accepted then, nor ever
   */
  async accept(
    peer: string,
    verified: VerifiedTime,
    aheadSeconds = RESERVED_AHEAD_SECONDS,
  ): Promise<LastingVerdict> {
    const { seconds } = verified;
    this.#sweep();
    if (seconds <= (this.#earlier.get(peer) ?? -Infinity)) return "unsure";
    const verdict = this.#replays.accept(peer, verified);
    if (verdict !== "fresh") return verdict;
    const signer = this.#signerOf(peer);
    signer.highest = Math.max(signer.highest, seconds);
    if (seconds > signer.noted || this.#settled) {
      // Not of this signature's time: a later one may be on its way to the same write.
      const until = signer.highest + aheadSeconds;
      await this.#note(peer, until);
      signer.noted = Math.max(signer.noted, until);
    }
    return "fresh";
  }

  /** Notes what was accepted to the moment, so that nobody has to wait after a restart. To be called at the end. */
  async settle(): Promise<void> {
    this.#settled = true;
    await Promise.all([...this.#signers].map(([peer, { highest }]) => this.#note(peer, highest)));
  }

  #signerOf(peer: string): Signer {
    let signer = this.#signers.get(peer);
    if (signer === undefined) {
      signer = { noted: -Infinity, highest: -Infinity };
      this.#signers.set(peer, signer);
    }
    return signer;
  }

  /** Adds to the next write. One that is under way has begun: the next one counts. */
  #note(peer: string, until: number): Promise<void> {
    this.#pending.set(peer, until);
    this.#next ??= this.#last = this.#last.catch(() => {}).then(() => {
      const until = this.#pending;
      this.#pending = new Map();
      this.#next = undefined;
      return this.#ledger.note(until, this.#clock.now() - this.#windowSeconds);
    });
    return this.#next;
  }

  /** Drops what does not count any more: what was signed so long ago is refused for its age. */
  #sweep(): void {
    const now = this.#clock.now();
    if (now - this.#swept < SIGNER_SWEEP_SECONDS) return;
    this.#swept = now;
    if (now - this.#start > this.#windowSeconds) this.#earlier = new Map();
    for (const [peer, { highest }] of this.#signers) {
      if (highest < now - this.#windowSeconds) this.#signers.delete(peer);
    }
  }
}
