import { type Clock, systemClock } from "../base/clock.ts";
import { ReplayGuard, type ReplayVerdict } from "./replay_guard.ts";
import type { VerifiedTime } from "./signed_time.ts";

/**
 * Seconds that are reserved in the ledger beyond the time of an accepted signature. A peer that calls all the time
 * causes one write in this time. After a crash of the SuperLink, a peer is refused for at most this time.
 */
const RESERVED_AHEAD_SECONDS = 1;

/** Seconds between two removals of peers whose last signature has expired. */
const SIGNER_SWEEP_SECONDS = 60;

/** Persistent record of the signed time up to which signatures of each peer may have been accepted. */
export interface SignerLedger {
  /** The recorded Unix times, by peer. */
  read(): Promise<ReadonlyMap<string, number>>;
  /**
   * Replaces the recorded times of peers. Resolves when the change survives a crash of the process. Calls take effect
   * in their order.
   *
   * @param until signed Unix times, by peer
   * @param forgetBefore records with an earlier time may be removed
   */
  note(until: ReadonlyMap<string, number>, forgetBefore: number): Promise<void>;
}

/** Ledger without storage, for a process without a database: after a restart, it can accept a signature again. */
export const NO_LEDGER: SignerLedger = {
  read: () => Promise.resolve(new Map()),
  note: () => Promise.resolve(),
};

/** "unsure": an earlier process may have accepted the signature. The peer must try again a moment later. */
export type LastingVerdict = ReplayVerdict | "unsure";

/** Options of a {@link LastingReplayGuard}. */
export interface LastingReplayGuardOptions {
  /** Time for which a signature is valid, in seconds. */
  readonly windowSeconds: number;
  /** Default: NO_LEDGER. */
  readonly ledger?: SignerLedger;
  /** Default: the machine's clock. */
  readonly clock?: Clock;
}

/** State of a peer. */
interface Signer {
  /** The time recorded in the ledger. */
  noted: number;
  /** The latest signed time that was accepted. */
  highest: number;
}

/**
 * Replay guard that survives a crash of its process.
 *
 * Recording each signature would cost a write per call. Instead, the guard reserves time ahead: before it accepts a
 * signature beyond the recorded time of the peer, it records a time {@link RESERVED_AHEAD_SECONDS} later, and writes
 * nothing more until that time is reached. So every accepted signature has a time below the recorded one, and after a
 * restart only later signatures are accepted. A peer's times are only compared with each other, so its clock may be
 * wrong. After a crash, a peer must wait until its own clock has passed the reserved time. A process that ends normally
 * records the exact times, and no peer must wait.
 */
export class LastingReplayGuard {
  readonly #windowSeconds: number;
  readonly #clock: Clock;
  readonly #ledger: SignerLedger;
  readonly #replays: ReplayGuard;
  readonly #signers = new Map<string, Signer>();
  /** Recorded times of earlier processes, by peer; empty once they are older than the window. */
  #earlier: ReadonlyMap<string, number>;
  readonly #start: number;
  #swept: number;
  #settled = false;
  /** Times for the next write to the ledger. */
  #pending = new Map<string, number>();
  #next: Promise<void> | undefined;
  #last: Promise<void> = Promise.resolve();

  /** Creates a guard with the ledger's records of earlier processes. */
  static async open(options: LastingReplayGuardOptions): Promise<LastingReplayGuard> {
    return new LastingReplayGuard(options, await options.ledger?.read());
  }

  /** @param earlier records of earlier processes, by peer; default: none */
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

  /** The number of peers with state in memory. */
  get size(): number {
    return this.#signers.size;
  }

  /**
   * Accepts a signature unless it was used before. Call this after verifying the signature and before acting on the
   * call.
   *
   * @param peer identifies the signer, for example the fingerprint of its key
   * @param aheadSeconds time to reserve beyond the signature's own; 0 for a peer that signs only once
   * @throws errors of the ledger; the signature is then never accepted
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
      // From the highest time, because a later signature may share the same write.
      const until = signer.highest + aheadSeconds;
      await this.#note(peer, until);
      signer.noted = Math.max(signer.noted, until);
    }
    return "fresh";
  }

  /** Records the exact accepted times, which saves peers the wait after a restart. Call it when the process ends. */
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

  /** Adds a time to the next write. A write in progress cannot take it any more. */
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

  /** Removes state older than the window, because signatures of that age are refused anyway. */
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
