import { number, type Row, text } from "./rows.ts";
import type { Statements } from "./statements.ts";
import type { SignerTable } from "../store.ts";

/** {@link SignerTable} in SQL, which survives a crash of the process. */
export class SqlSigners implements SignerTable {
  readonly #perform: <T>(work: (sql: Statements) => Promise<T>) => Promise<T>;

  /** @param perform runs work as a transaction of the store */
  constructor(perform: <T>(work: (sql: Statements) => Promise<T>) => Promise<T>) {
    this.#perform = perform;
  }

  read(): Promise<Map<string, number>> {
    const entry = (row: Row): [string, number] => [text(row, "peer"), number(row, "until")];
    return this.#perform(async (sql) =>
      new Map(await sql.all(entry, "SELECT peer, until FROM signer"))
    );
  }

  note(until: ReadonlyMap<string, number>, forgetBefore: number): Promise<void> {
    return this.#perform(async (sql) => {
      for (const [peer, time] of until) {
        await sql.run(
          `INSERT INTO signer (peer, until) VALUES (?, ?)
             ON CONFLICT (peer) DO UPDATE SET until = excluded.until`,
          peer,
          time,
        );
      }
      await sql.run("DELETE FROM signer WHERE until < ?", forgetBefore);
    });
  }
}
