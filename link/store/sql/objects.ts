import type { ObjectCounters, ObjectTable } from "../../objects/object_table.ts";
import type { LinkObject, ObjectId } from "../../../entities/object.ts";
import { number, text } from "./rows.ts";
import type { Statements } from "./statements.ts";

/** {@link ObjectTable} in SQL. */
export class SqlObjects implements ObjectTable {
  readonly #sql: Statements;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  counters(id: ObjectId): Promise<ObjectCounters | undefined> {
    return this.#sql.one(
      (row) => ({ references: number(row, "refs"), waits: number(row, "waits") }),
      "SELECT refs, waits FROM object WHERE object_id = ?",
      id,
    );
  }

  async get(id: ObjectId): Promise<LinkObject | undefined> {
    const content = await this.bytes(id);
    return content && { id, bytes: content, children: await this.childrenOf(id) };
  }

  bytes(id: ObjectId): Promise<Uint8Array | undefined> {
    const sql = "SELECT bytes FROM object_bytes WHERE object_id = ?";
    return this.#sql.bytes(sql, id);
  }

  size(id: ObjectId): Promise<number | undefined> {
    const sql = "SELECT length(bytes) AS size FROM object_bytes WHERE object_id = ?";
    return this.#sql.one((row) => number(row, "size"), sql, id);
  }

  childrenOf(id: ObjectId): Promise<ObjectId[]> {
    const sql = "SELECT child FROM object_child WHERE parent = ? ORDER BY position";
    return this.#sql.all((row) => text(row, "child"), sql, id);
  }

  parentsOf(id: ObjectId): Promise<ObjectId[]> {
    const sql = "SELECT parent FROM object_child WHERE child = ?";
    return this.#sql.all((row) => text(row, "parent"), sql, id);
  }

  async add({ id, bytes, children }: LinkObject, counters: ObjectCounters): Promise<void> {
    const { references, waits } = counters;
    await this.#sql.run(
      "INSERT INTO object (object_id, refs, waits) VALUES (?, ?, ?)",
      id,
      references,
      waits,
    );
    await this.#sql.run("INSERT INTO object_bytes (object_id, bytes) VALUES (?, ?)", id, bytes);
    for (const [position, child] of [...new Set(children)].entries()) {
      const sql = "INSERT INTO object_child (parent, position, child) VALUES (?, ?, ?)";
      await this.#sql.run(sql, id, position, child);
    }
  }

  async addReferences(id: ObjectId, delta: 1 | -1): Promise<number> {
    const sql = "UPDATE object SET refs = refs + ? WHERE object_id = ? RETURNING refs";
    return await this.#sql.returning((row) => number(row, "refs"), sql, delta, id) ?? 0;
  }

  async endWait(id: ObjectId): Promise<number> {
    const sql = "UPDATE object SET waits = waits - 1 WHERE object_id = ? RETURNING waits";
    return await this.#sql.returning((row) => number(row, "waits"), sql, id) ?? 0;
  }

  async remove(id: ObjectId): Promise<void> {
    await this.#sql.run("DELETE FROM object WHERE object_id = ?", id);
  }
}
