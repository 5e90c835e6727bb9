import type { Clock } from "../../base/clock.ts";
import type { LeaseTable } from "./server_tables.ts";
import type { Effects } from "./transactions.ts";

/** Tables of a transaction in which only the leader acts. */
export interface LeaderTransaction {
  readonly leases: LeaseTable;
}

/** Options of {@link Leadership}. */
export interface LeadershipOptions {
  /** Name of the lease. */
  readonly name: string;
  /** This SuperLink; see ServerRecord. */
  readonly serverId: bigint;
  readonly clock: Clock;
  /** Time after which another SuperLink may lead, if this one has not extended the lease. */
  readonly seconds: number;
  /** Whether the leader's session at the store's server has ended; default: nobody knows. */
  readonly hasLostSession?: (serverId: bigint) => boolean;
  /** Called when this SuperLink begins to lead, after the commit. */
  readonly onTaken: () => void;
}

/** Part of the time that is left when the leader extends its lease. */
const RENEWED_PART = 3 / 4;

/** Election of the SuperLink that does what only one may do at a time. */
export class Leadership {
  readonly #options: LeadershipOptions;
  /** The number of the lease that this SuperLink has taken; see LeaseRecord. */
  #number: number | undefined;
  #hasResigned = false;

  constructor(options: LeadershipOptions) {
    this.#options = options;
  }

  /**
   * Whether this SuperLink leads until the end of the transaction. Takes or extends the lease if it can. Each
   * transaction of a leader calls this first: the store then lets no other one lead before its commit.
   */
  async leads(tx: LeaderTransaction, effects: Effects<never>): Promise<boolean> {
    const { name, serverId, clock, seconds, hasLostSession, onTaken } = this.#options;
    if (this.#hasResigned) return false;
    const lease = await tx.leases.get(name);
    // After the answer, because a shared store may first have worked for other SuperLinks.
    const now = clock.now();
    const isOurs = lease?.holder === serverId && lease.number === this.#number;
    // A leader that lives on finds another number, and changes nothing.
    const isTaken = lease !== undefined && !isOurs && lease.until > now &&
      hasLostSession?.(lease.holder) !== true;
    if (isTaken) {
      effects.after(() => this.#number = undefined);
      return false;
    }
    if (isOurs && lease.until - now >= seconds * RENEWED_PART) return true;
    const number = isOurs ? lease.number : (lease?.number ?? 0) + 1;
    await tx.leases.put({ name, holder: serverId, number, until: now + seconds });
    effects.after(() => {
      this.#number = number;
      if (!isOurs) onTaken();
    });
    return true;
  }

  /** Lets another SuperLink lead at once, and for good. */
  async resign(tx: LeaderTransaction): Promise<void> {
    this.#hasResigned = true;
    const { name, serverId } = this.#options;
    const lease = await tx.leases.get(name);
    if (lease?.holder === serverId) await tx.leases.put({ ...lease, until: 0 });
  }
}
