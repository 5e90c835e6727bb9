import { type Clock, systemClock } from "../base/clock.ts";
import { ReplayGuard, type ReplayVerdict } from "./replay_guard.ts";
import type { VerifiedTime } from "./signed_time.ts";

/** Seconds between two removals of expired signatures from the ledger. */
const SWEEP_SECONDS = 60;

/** Seconds for which a signature is recorded beyond its validity, because the processes' clocks differ. */
const CLOCK_MARGIN_SECONDS = 60;

/** A signature to be recorded. */
export interface UsedSignature {
  readonly peer: string;
  readonly nonce: string;
  /** Unix time in seconds from which the signature is not valid. */
  readonly until: number;
}

/** Record of used signatures that several processes share. */
export interface SignatureLedger {
  /** Records signatures. @returns for each, whether it was not recorded before by any process */
  add(signatures: readonly UsedSignature[]): Promise<boolean[]>;
  /** Removes the records with `until` ≤ `now`. */
  removeExpired(now: number): Promise<void>;
}

/** Options of a {@link SharedReplayGuard}. */
export interface SharedReplayGuardOptions {
  /** Time for which a signature is valid, in seconds. */
  readonly windowSeconds: number;
  readonly ledger: SignatureLedger;
  /** Default: the machine's clock. */
  readonly clock?: Clock;
}

/** Result of a write: whether each signature of the batch was new. */
type Batch = { readonly signatures: UsedSignature[]; readonly added: Promise<boolean[]> };

/**
 * Replay guard of several processes together: accepts each signature of a peer once, wherever it arrives. It records
 * each signature in the ledger before it accepts it. Signatures that arrive during a write share the next one.
 */
export class SharedReplayGuard {
  readonly #windowSeconds: number;
  readonly #clock: Clock;
  readonly #ledger: SignatureLedger;
  /** Refuses a signature that was used in this process without asking the ledger. */
  readonly #own: ReplayGuard;
  #next: Batch | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #swept = -Infinity;

  constructor({ windowSeconds, ledger, clock = systemClock }: SharedReplayGuardOptions) {
    this.#windowSeconds = windowSeconds;
    this.#clock = clock;
    this.#ledger = ledger;
    this.#own = new ReplayGuard({ windowSeconds, clock });
  }

  /**
   * Accepts a signature unless it was used before. Call this after verifying the signature and before acting on the
   * call.
   *
   * @param peer identifies the signer, for example the fingerprint of its key
   * @throws errors of the ledger; the signature is then never accepted by this process
   */
  async accept(peer: string, verified: VerifiedTime): Promise<ReplayVerdict> {
    const verdict = this.#own.accept(peer, verified);
    if (verdict !== "fresh") return verdict;
    const until = this.#clock.now() + this.#windowSeconds + CLOCK_MARGIN_SECONDS;
    const batch = this.#next ??= this.#batch();
    const place = batch.signatures.push({ peer, nonce: verified.nonce, until }) - 1;
    return (await batch.added)[place] ? "fresh" : "replayed";
  }

  #batch(): Batch {
    const signatures: UsedSignature[] = [];
    const added = this.#last.then(async () => {
      // A write in progress can take no more signatures.
      this.#next = undefined;
      const result = await this.#ledger.add(signatures);
      await this.#sweep();
      return result;
    });
    this.#last = added.catch(() => {});
    return { signatures, added };
  }

  async #sweep(): Promise<void> {
    const now = this.#clock.now();
    if (now - this.#swept < SWEEP_SECONDS) return;
    this.#swept = now;
    // Tried again after the next minute.
    await this.#ledger.removeExpired(now).catch(() => {});
  }
}
