import type { Statements } from "./statements.ts";
import type { SignatureRecord, SignatureTable } from "../store.ts";

/** {@link SignatureTable} in SQL. */
export class SqlSignatures implements SignatureTable {
  readonly #perform: <T>(work: (sql: Statements) => Promise<T>) => Promise<T>;

  /** @param perform runs work as a transaction of the store */
  constructor(perform: <T>(work: (sql: Statements) => Promise<T>) => Promise<T>) {
    this.#perform = perform;
  }

  add(signatures: readonly SignatureRecord[]): Promise<boolean[]> {
    return this.#perform(async (sql) => {
      const added: boolean[] = [];
      for (const { peer, nonce, until } of signatures) {
        const count = await sql.run(
          "INSERT INTO signature (peer, nonce, until) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
          peer,
          nonce,
          until,
        );
        added.push(count > 0);
      }
      return added;
    });
  }

  removeExpired(now: number): Promise<void> {
    return this.#perform(async (sql) => {
      await sql.run("DELETE FROM signature WHERE until <= ?", now);
    });
  }
}
