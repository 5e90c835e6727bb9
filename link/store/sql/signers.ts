import { number, type Row, text } from "./rows.ts";
import type { InsertedColumns, Statements } from "./statements.ts";
import type { SignerTable } from "../store.ts";

const INTO: InsertedColumns = {
  table: "signer",
  columns: [["peer", "text"], ["until", "real"]],
};

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
      await sql.insert(
        INTO,
        [...until],
        "ON CONFLICT (peer) DO UPDATE SET until = excluded.until",
      );
      await sql.run("DELETE FROM signer WHERE until < ?", forgetBefore);
    });
  }
}
