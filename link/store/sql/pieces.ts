import type { PieceRecord, PieceTable } from "../../runs/piece_table.ts";
import { number, optional, type Row, text } from "./rows.ts";
import type { Statements } from "./statements.ts";

/** {@link PieceTable} in SQL. */
export class SqlPieces implements PieceTable {
  readonly #sql: Statements;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  get(hash: string): Promise<PieceRecord | undefined> {
    return this.#sql.one(pieceFrom, "SELECT * FROM piece WHERE hash = ?", hash);
  }

  bytes(hash: string): Promise<Uint8Array | undefined> {
    const sql = "SELECT bytes FROM piece_bytes WHERE hash = ?";
    return this.#sql.bytes(sql, hash);
  }

  async total(): Promise<{ pieces: number; bytes: number }> {
    const sql =
      "SELECT count(*) AS pieces, CAST(coalesce(sum(size), 0) AS BIGINT) AS bytes FROM piece";
    const total = await this.#sql.one(
      (row) => ({ pieces: number(row, "pieces"), bytes: number(row, "bytes") }),
      sql,
    );
    return total!;
  }

  due(now: number, limit: number): Promise<PieceRecord[]> {
    const sql = "SELECT * FROM piece WHERE due_at <= ? ORDER BY due_at LIMIT ?";
    return this.#sql.all(pieceFrom, sql, now, limit);
  }

  async add({ hash, size, dueAt }: PieceRecord, content: Uint8Array): Promise<void> {
    const sql = "INSERT INTO piece (hash, size, due_at) VALUES (?, ?, ?)";
    await this.#sql.run(sql, hash, size, dueAt ?? null);
    await this.#sql.run("INSERT INTO piece_bytes (hash, bytes) VALUES (?, ?)", hash, content);
  }

  async setDue(hash: string, dueAt: number | undefined): Promise<void> {
    await this.#sql.run("UPDATE piece SET due_at = ? WHERE hash = ?", dueAt ?? null, hash);
  }

  async remove(hash: string): Promise<void> {
    await this.#sql.run("DELETE FROM piece WHERE hash = ?", hash);
  }

  ofFab(fabHash: string): Promise<string[]> {
    const sql = "SELECT hash FROM fab_piece WHERE fab_hash = ?";
    return this.#sql.all((row) => text(row, "hash"), sql, fabHash);
  }

  async isOf(fabHash: string, hash: string): Promise<boolean> {
    const sql = "SELECT 1 FROM fab_piece WHERE fab_hash = ? AND hash = ?";
    return await this.#sql.one(() => true, sql, fabHash, hash) ?? false;
  }

  async isNeeded(hash: string): Promise<boolean> {
    const sql = "SELECT 1 FROM fab_piece WHERE hash = ? LIMIT 1";
    return await this.#sql.one(() => true, sql, hash) ?? false;
  }

  async need(fabHash: string, hash: string): Promise<void> {
    const sql = "INSERT INTO fab_piece (fab_hash, hash) VALUES (?, ?) ON CONFLICT DO NOTHING";
    await this.#sql.run(sql, fabHash, hash);
  }

  async release(fabHash: string): Promise<void> {
    await this.#sql.run("DELETE FROM fab_piece WHERE fab_hash = ?", fabHash);
  }
}

function pieceFrom(row: Row): PieceRecord {
  return {
    hash: text(row, "hash"),
    size: number(row, "size"),
    ...optional("dueAt", row, "due_at", number),
  };
}
