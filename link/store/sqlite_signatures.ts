import type { Statements } from "./sqlite_statements.ts";
import type { SignatureRecord, SignatureTable } from "./store.ts";

/** {@link SignatureTable} in SQLite. */
export class SqliteSignatures implements SignatureTable {
  readonly #sql: Statements;
  readonly #perform: <T>(work: () => Promise<T>) => Promise<T>;

  /** @param perform runs work as a transaction of the store */
  constructor(sql: Statements, perform: <T>(work: () => Promise<T>) => Promise<T>) {
    this.#sql = sql;
    this.#perform = perform;
  }

  add(signatures: readonly SignatureRecord[]): Promise<boolean[]> {
    return this.#perform(async () => {
      const added: boolean[] = [];
      for (const { peer, nonce, until } of signatures) {
        const sql = "INSERT OR IGNORE INTO signature (peer, nonce, until) VALUES (?, ?, ?)";
        added.push(await this.#sql.run(sql, peer, nonce, until) > 0);
      }
      return added;
    });
  }

  removeExpired(now: number): Promise<void> {
    return this.#perform(async () => {
      await this.#sql.run("DELETE FROM signature WHERE until <= ?", now);
    });
  }
}
