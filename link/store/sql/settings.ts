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
    return this.#perform((sql) => read(sql, name));
  }

  readOrWrite(name: string, text: string): Promise<string> {
    return this.#perform(async (sql) => {
      const known = await read(sql, name);
      if (known !== undefined) return known;
      await sql.run("INSERT INTO setting (name, value) VALUES (?, ?)", name, fromText(text));
      return text;
    });
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

function read(sql: Statements, name: string): Promise<string | undefined> {
  const value = (row: Row) => foreignText(row, "value");
  return sql.one(value, "SELECT value FROM setting WHERE name = ?", name);
}
