import { foreignText, fromText, type Row } from "./rows.ts";
import type { Statements } from "./statements.ts";
import type { SettingTable } from "../store.ts";

/** {@link SettingTable} in SQL, which survives a crash of the process. */
export class SqlSettings implements SettingTable {
  readonly #perform: <T>(work: (sql: Statements) => Promise<T>) => Promise<T>;

  /** @param perform runs work as a transaction of the store */
  constructor(perform: <T>(work: (sql: Statements) => Promise<T>) => Promise<T>) {
    this.#perform = perform;
  }

  read(name: string): Promise<string | undefined> {
    const read = (row: Row) => foreignText(row, "value");
    return this.#perform((sql) => sql.one(read, "SELECT value FROM setting WHERE name = ?", name));
  }

  write(name: string, text: string): Promise<void> {
    return this.#perform(async (sql) => {
      await sql.run(
        `INSERT INTO setting (name, value) VALUES (?, ?)
           ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
        name,
        fromText(text),
      );
    });
  }
}
