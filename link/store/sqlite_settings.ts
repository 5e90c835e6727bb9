import { foreignText, fromText, type Row } from "./sqlite_rows.ts";
import type { Statements } from "./sqlite_statements.ts";
import type { SettingTable } from "./store.ts";

/** {@link SettingTable} in SQLite, which survives a crash of the process. */
export class SqliteSettings implements SettingTable {
  readonly #sql: Statements;
  readonly #perform: <T>(work: () => Promise<T>) => Promise<T>;

  /** @param perform runs work as a transaction of the store */
  constructor(sql: Statements, perform: <T>(work: () => Promise<T>) => Promise<T>) {
    this.#sql = sql;
    this.#perform = perform;
  }

  read(name: string): Promise<string | undefined> {
    return this.#perform(() => this.#read(name));
  }

  readOrWrite(name: string, text: string): Promise<string> {
    return this.#perform(async () => {
      const known = await this.#read(name);
      if (known !== undefined) return known;
      const sql = "INSERT INTO setting (name, value) VALUES (?, ?)";
      await this.#sql.run(sql, name, fromText(text));
      return text;
    });
  }

  write(name: string, text: string): Promise<void> {
    return this.#perform(async () => {
      await this.#sql.run(
        `INSERT INTO setting (name, value) VALUES (?, ?)
           ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
        name,
        fromText(text),
      );
    });
  }

  #read(name: string): Promise<string | undefined> {
    const read = (row: Row) => foreignText(row, "value");
    return this.#sql.one(read, "SELECT value FROM setting WHERE name = ?", name);
  }
}
