import type { NodeSettingsTable } from "../../runs/node_settings_table.ts";
import { bytes, fromId } from "./rows.ts";
import type { Statements } from "./statements.ts";

/** {@link NodeSettingsTable} in SQL. */
export class SqlNodeSettings implements NodeSettingsTable {
  readonly #sql: Statements;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  get(runId: bigint): Promise<Uint8Array | undefined> {
    const sql = "SELECT settings FROM node_settings WHERE run_id = ?";
    return this.#sql.one((row) => bytes(row, "settings"), sql, fromId(runId));
  }

  async add(runId: bigint, settings: Uint8Array): Promise<void> {
    const sql = "INSERT INTO node_settings (run_id, settings) VALUES (?, ?)";
    await this.#sql.run(sql, fromId(runId), settings);
  }

  async remove(runId: bigint): Promise<void> {
    await this.#sql.run("DELETE FROM node_settings WHERE run_id = ?", fromId(runId));
  }
}
