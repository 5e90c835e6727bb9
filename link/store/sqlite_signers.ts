import type { SignerTable } from "./signer_table.ts";
import { number, type Row, text } from "./sqlite_rows.ts";
import type { Statements } from "./sqlite_statements.ts";

/** The signers in SQLite. */
export class SqliteSigners implements SignerTable {
  readonly #sql: Statements;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  async all(): Promise<Map<string, number>> {
    const entry = (row: Row): [string, number] => [text(row, "peer"), number(row, "until")];
    return new Map(await this.#sql.all(entry, "SELECT peer, until FROM signer"));
  }

  async put(peer: string, until: number): Promise<void> {
    await this.#sql.run(
      `INSERT INTO signer (peer, until) VALUES (?, ?)
         ON CONFLICT (peer) DO UPDATE SET until = excluded.until`,
      peer,
      until,
    );
  }

  async forget(before: number): Promise<void> {
    await this.#sql.run("DELETE FROM signer WHERE until < ?", before);
  }
}
