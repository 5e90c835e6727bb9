/** A SuperLink that uses a shared store, from its start until it ends or its lease does. */
export interface ServerRecord {
  /** Random, new with each start of the process. */
  readonly serverId: bigint;
  /**
   * Unix time in seconds at which the others take the SuperLink for dead, unless it extends the lease before. They then
   * hand out again what it had handed out, and interrupt the runs whose ServerApps it ran.
   */
  readonly leaseUntil: number;
}

/**
 * Table of the SuperLinks that share the store. Empty for a store that one process has for itself: who opens it knows
 * that the process before has ended, because the lock on the file ended with it.
 */
export interface ServerTable {
  /** All SuperLinks, with and without a lease that has ended. There are few. */
  all(): Promise<ServerRecord[]>;
  /** Adds a SuperLink, or replaces the record with the same id. */
  put(server: ServerRecord): Promise<void>;
  remove(serverId: bigint): Promise<void>;
}

/** Right of one SuperLink to do what only one may do at a time, such as housekeeping. */
export interface LeaseRecord {
  readonly name: string;
  readonly holder: bigint;
  /**
   * Counts the holders. A holder notes the number when it takes the lease, and compares it in each transaction that it
   * acts in. So one that was suspended for longer than its lease finds that it has lost it, and changes nothing.
   */
  readonly number: number;
  /** Unix time in seconds at which another SuperLink may take the lease. */
  readonly until: number;
}

/** Table of leases, by name. Empty for a store that one process has for itself. */
export interface LeaseTable {
  /** Where several transactions run at the same time, the row is locked until the end of this one. */
  get(name: string): Promise<LeaseRecord | undefined>;
  /** Adds a lease, or replaces the one with the same name. */
  put(lease: LeaseRecord): Promise<void>;
}
