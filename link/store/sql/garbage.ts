import type { GarbageTable } from "../../objects/garbage_table.ts";
import type { Location } from "../../objects/object_store.ts";
import { text } from "./rows.ts";
import type { Statements } from "./statements.ts";

/** {@link GarbageTable} in SQL. */
export class SqlGarbage implements GarbageTable {
  readonly #sql: Statements;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  async schedule(dueAt: number): Promise<void> {
    await this.#sql.run("UPDATE garbage SET due_at = ? WHERE due_at IS NULL", dueAt);
  }

  due(now: number, limit: number): Promise<Location[]> {
    const sql = "SELECT location FROM garbage WHERE due_at <= ? ORDER BY due_at LIMIT ?";
    return this.#sql.all((row) => text(row, "location"), sql, now, limit);
  }

  async among(locations: readonly Location[]): Promise<Set<Location>> {
    if (locations.length === 0) return new Set();
    const sql = "SELECT location FROM garbage WHERE location IN ?*";
    return new Set(await this.#sql.all((row) => text(row, "location"), sql, locations));
  }

  async removeAll(locations: readonly Location[]): Promise<void> {
    if (locations.length === 0) return;
    await this.#sql.run("DELETE FROM garbage WHERE location IN ?*", locations);
  }
}
