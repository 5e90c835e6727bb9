import { DatabaseSync } from "node:sqlite";
import type { InsertedColumn, InsertedColumns } from "../sql/statements.ts";
import { MIGRATIONS } from "../sqlite/schema.ts";

const TYPES: Readonly<Record<string, InsertedColumn[1]>> = {
  TEXT: "text",
  INTEGER: "integer",
  REAL: "real",
  BLOB: "bytes",
};

/** Columns that order rows and that SQLite has in each table without naming them. */
const UNNAMED: Readonly<Record<string, readonly InsertedColumn[]>> = {
  announced: [["rowid", "integer"]],
};

/** The version of SQLite's schema that this program uses. */
export const NEWEST_VERSION = MIGRATIONS.length;

/**
 * All tables with their columns, each after those that it refers to.
 *
 * @param version of SQLite's schema
 */
export function allTables(version: number): InsertedColumns[] {
  const database = new DatabaseSync(":memory:");
  try {
    for (const step of MIGRATIONS.slice(0, version)) database.exec(step);
    const names = database.prepare(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid",
    ).all() as { name: string }[];
    return names.map(({ name: table }) => {
      const columns = database.prepare(`PRAGMA table_info(${table})`).all() as {
        name: string;
        type: string;
      }[];
      return {
        table,
        columns: [
          ...columns.map(({ name, type }): InsertedColumn => [name, TYPES[type]!]),
          ...UNNAMED[table] ?? [],
        ],
      };
    });
  } finally {
    database.close();
  }
}
