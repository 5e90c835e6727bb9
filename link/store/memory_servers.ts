import type {
  LeaseRecord,
  LeaseTable,
  ServerRecord,
  ServerTable,
} from "../transactions/server_tables.ts";
import type { Journal } from "./journal.ts";

/** {@link ServerTable} in memory, for one transaction. */
export class MemoryServers implements ServerTable {
  readonly #servers: Map<bigint, ServerRecord>;
  readonly #journal: Journal;

  constructor(servers: Map<bigint, ServerRecord>, journal: Journal) {
    this.#servers = servers;
    this.#journal = journal;
  }

  all(): Promise<ServerRecord[]> {
    return Promise.resolve([...this.#servers.values()]);
  }

  put(server: ServerRecord): Promise<void> {
    this.#journal.set(this.#servers, server.serverId, server);
    return Promise.resolve();
  }

  remove(serverId: bigint): Promise<void> {
    if (this.#servers.has(serverId)) this.#journal.delete(this.#servers, serverId);
    return Promise.resolve();
  }
}

/** {@link LeaseTable} in memory, for one transaction. */
export class MemoryLeases implements LeaseTable {
  readonly #leases: Map<string, LeaseRecord>;
  readonly #journal: Journal;

  constructor(leases: Map<string, LeaseRecord>, journal: Journal) {
    this.#leases = leases;
    this.#journal = journal;
  }

  get(name: string): Promise<LeaseRecord | undefined> {
    return Promise.resolve(this.#leases.get(name));
  }

  put(lease: LeaseRecord): Promise<void> {
    this.#journal.set(this.#leases, lease.name, lease);
    return Promise.resolve();
  }
}
