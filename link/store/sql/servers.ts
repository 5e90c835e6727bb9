import type {
  LeaseRecord,
  LeaseTable,
  ServerRecord,
  ServerTable,
} from "../../transactions/server_tables.ts";
import { fromId, id, number, type Row, text } from "./rows.ts";
import type { Statements } from "./statements.ts";

/** {@link ServerTable} in SQL. */
export class SqlServers implements ServerTable {
  readonly #sql: Statements;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  all(): Promise<ServerRecord[]> {
    return this.#sql.all(serverFrom, "SELECT * FROM server");
  }

  async put({ serverId, leaseUntil }: ServerRecord): Promise<void> {
    await this.#sql.run(
      `INSERT INTO server (server_id, lease_until) VALUES (?, ?)
         ON CONFLICT (server_id) DO UPDATE SET lease_until = excluded.lease_until`,
      fromId(serverId),
      leaseUntil,
    );
  }

  async remove(serverId: bigint): Promise<void> {
    await this.#sql.run("DELETE FROM server WHERE server_id = ?", fromId(serverId));
  }
}

/** {@link LeaseTable} in SQL. */
export class SqlLeases implements LeaseTable {
  readonly #sql: Statements;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  get(name: string): Promise<LeaseRecord | undefined> {
    return this.#sql.one(leaseFrom, "SELECT * FROM lease WHERE name = ?", name);
  }

  async put({ name, holder, number, until }: LeaseRecord): Promise<void> {
    await this.#sql.run(
      `INSERT INTO lease (name, holder, number, until) VALUES (?, ?, ?, ?)
         ON CONFLICT (name) DO UPDATE
         SET holder = excluded.holder, number = excluded.number, until = excluded.until`,
      name,
      fromId(holder),
      number,
      until,
    );
  }
}

function serverFrom(row: Row): ServerRecord {
  return { serverId: id(row, "server_id"), leaseUntil: number(row, "lease_until") };
}

function leaseFrom(row: Row): LeaseRecord {
  return {
    name: text(row, "name"),
    holder: id(row, "holder"),
    number: number(row, "number"),
    until: number(row, "until"),
  };
}
