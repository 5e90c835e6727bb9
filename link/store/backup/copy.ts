import { FlwrError } from "../../../base/error.ts";
import type { Side } from "./side.ts";
import { allTables } from "./tables.ts";

/**
 * Copies all rows of a database into an empty one with the same tables.
 *
 * @returns the number of rows
 * @throws failed-precondition if the other database has rows
 */
export async function copyRows(from: Side, to: Side): Promise<number> {
  const tables = allTables(from.version);
  for (const { table } of tables) {
    if (await to.count(`SELECT count(*) FROM ${table}`) > 0) {
      throw new FlwrError(
        "failed-precondition",
        `The database is not empty: its table "${table}" has rows`,
        { hints: ["Name a new one: a restored database replaces nothing"] },
      );
    }
  }
  let copied = 0;
  for (const table of tables) {
    for await (const rows of from.rows(table)) {
      await to.insert(table, rows);
      copied += rows.length;
    }
  }
  await to.commit();
  return copied;
}
