import type { ArtifactKind } from "../../../entities/artifact.ts";
import type { ArtifactRecord, ArtifactTable } from "../../artifacts/artifact_table.ts";
import { fromId, id, number, optional, type Row, text } from "./rows.ts";
import type { Statements } from "./statements.ts";

/** {@link ArtifactTable} in SQL. */
export class SqlArtifacts implements ArtifactTable {
  readonly #sql: Statements;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  get(artifactId: bigint): Promise<ArtifactRecord | undefined> {
    const sql = "SELECT * FROM artifact WHERE artifact_id = ?";
    return this.#sql.one(artifactFrom, sql, fromId(artifactId));
  }

  ofRun(runId: bigint): Promise<ArtifactRecord[]> {
    const sql = "SELECT * FROM artifact WHERE run_id = ? ORDER BY name";
    return this.#sql.all(artifactFrom, sql, fromId(runId));
  }

  async put(artifact: ArtifactRecord): Promise<void> {
    const { artifactId, runId, kind, name, size, received, crc32, sha256, savedAt } = artifact;
    await this.#sql.run(
      `INSERT INTO artifact (artifact_id, run_id, kind, name, size, received, crc32, sha256, saved_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (artifact_id) DO UPDATE SET received = excluded.received,
           crc32 = excluded.crc32, sha256 = excluded.sha256, saved_at = excluded.saved_at`,
      fromId(artifactId),
      fromId(runId),
      kind,
      name,
      size,
      received,
      crc32,
      sha256 ?? null,
      savedAt,
    );
  }

  async remove(artifactId: bigint): Promise<void> {
    await this.#sql.run("DELETE FROM artifact WHERE artifact_id = ?", fromId(artifactId));
  }

  async addPiece(artifactId: bigint, offset: number, content: Uint8Array): Promise<void> {
    const sql = "INSERT INTO artifact_piece (artifact_id, start, bytes) VALUES (?, ?, ?)";
    await this.#sql.run(sql, fromId(artifactId), offset, content);
  }

  piece(artifactId: bigint, offset: number): Promise<Uint8Array | undefined> {
    const sql = "SELECT bytes FROM artifact_piece WHERE artifact_id = ? AND start = ?";
    return this.#sql.bytes(sql, fromId(artifactId), offset);
  }
}

function artifactFrom(row: Row): ArtifactRecord {
  return {
    artifactId: id(row, "artifact_id"),
    runId: id(row, "run_id"),
    kind: text(row, "kind") as ArtifactKind,
    name: text(row, "name"),
    size: number(row, "size"),
    received: number(row, "received"),
    crc32: number(row, "crc32"),
    ...optional("sha256", row, "sha256", text),
    savedAt: number(row, "saved_at"),
  };
}
