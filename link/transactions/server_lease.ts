import type { Clock } from "../../base/clock.ts";
import type { LeaseTable, ServerRecord, ServerTable } from "./server_tables.ts";
import type { Effects, Transacts } from "./transactions.ts";

/** Limits of SuperLinks that share a store. */
export interface ServerLimits {
  /**
   * Time after which a SuperLink that no longer writes to the store is taken for dead. It extends its lease when a
   * quarter has passed, at the latest when a third has. The clocks of SuperLinks that share a store may differ by at most half of it.
   */
  readonly serverLeaseSeconds: number;
}

/** Default limits of SuperLinks that share a store. */
export const DEFAULT_SERVER_LIMITS: ServerLimits = { serverLeaseSeconds: 15 };

/** The lease of a SuperLink that ended by itself. */
const ENDED = 0;

/** Tables of a transaction that extends the lease. */
export interface ServerTransaction {
  readonly servers: ServerTable;
  readonly leases: LeaseTable;
}

/** Options of {@link ServerLease}. */
export interface ServerLeaseOptions {
  /** See ServerRecord. */
  readonly id: bigint;
  readonly clock: Clock;
  readonly seconds: number;
  /** Whether the store is shared. Otherwise there is no lease: the process has the store until it ends. */
  readonly isShared: boolean;
  /** Whether the session of another SuperLink at the store's server has ended; default: nobody knows. */
  readonly hasLostSession?: (serverId: bigint) => boolean;
}

/** Part of the time that is left when any transaction of the SuperLink extends the lease. */
const RENEWED_PART = 3 / 4;
/** Part of the time that is left when the SuperLink extends the lease in a transaction of its own. */
const RENEWED_ALONE_PART = 2 / 3;
/** Part of the time after which an extension came late: the store did not answer, or the process stood still. */
const LATE_PART = 1 / 2;

/**
 * Name of the lease that says until when SuperLinks may come back that could not extend theirs. One that finds that no
 * SuperLink has extended its lease for a while begins it anew, because then the store did not answer.
 */
const RETURN = "return";

/** The lease of this SuperLink. While it lasts, the others leave alone what this one has handed out and runs. */
export class ServerLease {
  readonly id: bigint;
  readonly #clock: Clock;
  readonly #seconds: number;
  readonly #isShared: boolean;
  readonly #hasLostSession: (serverId: bigint) => boolean;
  #until = -Infinity;
  /** When the last extension was committed. */
  #extendedAt = -Infinity;

  constructor(
    { id, clock, seconds, isShared, hasLostSession = () => false }: ServerLeaseOptions,
  ) {
    this.id = id;
    this.#clock = clock;
    this.#seconds = seconds;
    this.#isShared = isShared;
    this.#hasLostSession = hasLostSession;
  }

  /**
   * The other SuperLinks that have ended. One that ended by itself has said so. One whose lease has run out may only have
   * waited for the store: it gets as long as a lease to come back after a time in which no SuperLink could extend its
   * own. What counts is what the SuperLinks stored, so one that has just started knows as much as the others.
   *
   * One that has lost its session and is late with the extension of its lease has ended, too: its process was killed, or
   * it cannot reach the store. The session alone may be lost while everything else works.
   */
  async ended(tx: ServerTransaction): Promise<ServerRecord[]> {
    const others = (await tx.servers.all()).filter(({ serverId }) => serverId !== this.id);
    const now = this.#clock.now();
    const expired = others.filter(({ serverId, leaseUntil }) =>
      leaseUntil <= now ||
      this.#isLate(leaseUntil - this.#seconds, now) && this.#hasLostSession(serverId)
    );
    // This process may have stood still within the transaction, while the others waited for its end.
    const mayReturn = expired.some(({ leaseUntil }) => leaseUntil !== ENDED) &&
      (this.#isLate(this.#extendedAt, now) || await this.lastGap(tx) + this.#seconds > now);
    return mayReturn ? expired.filter(({ leaseUntil }) => leaseUntil === ENDED) : expired;
  }

  /** Unix time in seconds of the end of the last time in which no SuperLink reached the store; -Infinity if none is known. */
  async lastGap(tx: ServerTransaction): Promise<number> {
    const { until = -Infinity } = await tx.leases.get(RETURN) ?? {};
    return until - this.#seconds;
  }

  async #letReturn(tx: ServerTransaction, now: number): Promise<void> {
    const { number = 0 } = await tx.leases.get(RETURN) ?? {};
    const until = now + this.#seconds;
    await tx.leases.put({ name: RETURN, holder: this.id, number: number + 1, until });
  }

  /**
   * Extends the lease in this transaction if less than half of it is left. A transaction that stores the SuperLink as
   * the holder of something calls this. So nothing ever has a holder that the others do not know.
   */
  async keep(tx: ServerTransaction, effects: Effects<never>): Promise<void> {
    if (!this.#isShared || this.#until - this.#clock.now() >= this.#seconds / 2) return;
    await this.extend(tx, effects);
  }

  /**
   * Extends the lease in this transaction if it is time. Every transaction begins with it, so that an extension does not
   * wait behind thousands of calls.
   *
   * @returns undefined if there is nothing to do
   */
  renew(tx: ServerTransaction, effects: Effects<never>): Promise<void> | undefined {
    return this.#isDue() ? this.extend(tx, effects) : undefined;
  }

  /** Extends the lease in this transaction. */
  async extend(tx: ServerTransaction, effects: Effects<never>): Promise<void> {
    const all = await tx.servers.all();
    // After the answer, because a shared store may first have worked for other SuperLinks.
    const now = this.#clock.now();
    const isGap = all.every(({ leaseUntil }) => this.#isLate(leaseUntil - this.#seconds, now));
    // The first SuperLink of all has nobody to wait for.
    if (isGap && all.length > 0) await this.#letReturn(tx, now);
    const leaseUntil = now + this.#seconds;
    await tx.servers.put({ serverId: this.id, leaseUntil });
    effects.after(() => {
      this.#until = leaseUntil;
      this.#extendedAt = this.#clock.now();
    });
  }

  /** Ends the lease in this transaction. A call that is still under way takes a new one if it needs it. */
  async end(tx: ServerTransaction, effects: Effects<never>): Promise<void> {
    await tx.servers.put({ serverId: this.id, leaseUntil: ENDED });
    effects.after(() => {
      this.#until = -Infinity;
    });
  }

  /**
   * Extends the lease from time to time until the domain closes, if no other transaction does. Failures are tried again,
   * and reported elsewhere.
   *
   * @param transact begins each transaction with `renew`
   */
  async extendUntil(
    closing: AbortSignal,
    transact: Transacts<ServerTransaction, never>["transact"],
  ): Promise<void> {
    if (!this.#isShared) return;
    for (let wait = this.#seconds / 3;;) {
      await this.#clock.sleep(wait, closing);
      if (closing.aborted) return;
      wait = this.#seconds / 3;
      const isRenewed = !this.#isDue() ||
        await transact("relaxed", () => Promise.resolve(true)).catch(() => false);
      // Sooner than after a third, if the store has kept the transaction waiting.
      if (isRenewed && this.#hasLease) {
        wait = Math.min(wait, Math.max(0, this.#left - this.#seconds * RENEWED_ALONE_PART));
      }
    }
  }

  get #hasLease(): boolean {
    return this.#until > -Infinity;
  }

  /** Seconds that are left of the lease. */
  get #left(): number {
    return this.#until - this.#clock.now();
  }

  #isDue(): boolean {
    // More is left than a whole lease, if the clock was set back.
    return this.#hasLease &&
      (this.#left < this.#seconds * RENEWED_PART || this.#left > this.#seconds);
  }

  /** Whether an extension is so long ago, or by another clock, that others may have missed theirs meanwhile. */
  #isLate(extendedAt: number, now: number): boolean {
    return Math.abs(now - extendedAt) > this.#seconds * LATE_PART;
  }
}
