import type { Clock } from "../../base/clock.ts";
import type { ServerRecord, ServerTable } from "./server_tables.ts";
import type { Effects, Transacts } from "./transactions.ts";

/** Limits of SuperLinks that share a store. */
export interface ServerLimits {
  /**
   * Time after which a SuperLink that no longer writes to the store is taken for dead. It extends its lease when a third
   * has passed. The clocks of SuperLinks that share a store may differ by at most half of it.
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
}

/** Options of {@link ServerLease}. */
export interface ServerLeaseOptions {
  /** See ServerRecord. */
  readonly id: bigint;
  readonly clock: Clock;
  readonly seconds: number;
  /** Whether the store is shared. Otherwise there is no lease: the process has the store until it ends. */
  readonly isShared: boolean;
}

/** The lease of this SuperLink. While it lasts, the others leave alone what this one has handed out and runs. */
export class ServerLease {
  readonly id: bigint;
  readonly #clock: Clock;
  readonly #seconds: number;
  readonly #isShared: boolean;
  readonly #startedAt: number;
  #until = -Infinity;

  constructor({ id, clock, seconds, isShared }: ServerLeaseOptions) {
    this.id = id;
    this.#clock = clock;
    this.#seconds = seconds;
    this.#isShared = isShared;
    this.#startedAt = clock.now();
  }

  /**
   * Whether another SuperLink has ended. One that ended by itself has said so. One whose lease has run out may only have
   * lost the store for a while, and so may this one: it gets as long as a lease to come back after this one's start.
   */
  hasEnded({ serverId, leaseUntil }: ServerRecord): boolean {
    const now = this.#clock.now();
    if (serverId === this.id || leaseUntil > now) return false;
    return leaseUntil === ENDED || now >= this.#startedAt + this.#seconds;
  }

  /**
   * Extends the lease in this transaction if less than half of it is left. A transaction that stores the SuperLink as
   * the holder of something calls this. So nothing ever has a holder that the others do not know.
   */
  async keep(tx: ServerTransaction, effects: Effects<never>): Promise<void> {
    if (!this.#isShared || this.#until - this.#clock.now() >= this.#seconds / 2) return;
    await this.extend(tx, effects);
  }

  /** Extends the lease in this transaction. */
  async extend(tx: ServerTransaction, effects: Effects<never>): Promise<void> {
    const leaseUntil = this.#clock.now() + this.#seconds;
    await tx.servers.put({ serverId: this.id, leaseUntil });
    effects.after(() => {
      this.#until = Math.max(this.#until, leaseUntil);
    });
  }

  /** Ends the lease in this transaction. A call that is still under way takes a new one if it needs it. */
  async end(tx: ServerTransaction, effects: Effects<never>): Promise<void> {
    await tx.servers.put({ serverId: this.id, leaseUntil: ENDED });
    effects.after(() => {
      this.#until = -Infinity;
    });
  }

  /** Extends the lease from time to time until the domain closes. Failures are tried again, and reported elsewhere. */
  async extendUntil(
    closing: AbortSignal,
    transact: Transacts<ServerTransaction, never>["transact"],
  ): Promise<void> {
    if (!this.#isShared) return;
    for (;;) {
      await this.#clock.sleep(this.#seconds / 3, closing);
      if (closing.aborted) return;
      await transact("relaxed", (tx, effects) => this.extend(tx, effects)).catch(() => {});
    }
  }
}
