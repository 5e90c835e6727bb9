import type {
  NewObject,
  ObjectCounters,
  ObjectTable,
  Place,
  PlacedObject,
} from "../../objects/object_table.ts";
import type { Location } from "../../objects/object_store.ts";
import type { LinkObject, ObjectId } from "../../../entities/object.ts";
import { number, type Row, text } from "./rows.ts";
import type { InsertedColumns, Statements } from "./statements.ts";

const OBJECT: InsertedColumns = {
  table: "object",
  columns: [
    ["object_id", "text"],
    ["refs", "integer"],
    ["waits", "integer"],
    ["location", "text"],
    ["size", "integer"],
  ],
};
const BYTES: InsertedColumns = {
  table: "object_bytes",
  columns: [["object_id", "text"], ["bytes", "bytes"]],
};
const CHILD: InsertedColumns = {
  table: "object_child",
  columns: [["parent", "text"], ["position", "integer"], ["child", "text"]],
};

const GARBAGE: InsertedColumns = { table: "garbage", columns: [["location", "text"]] };

/** Size of an object, whose bytes are elsewhere if its row has one. No join: PostgreSQL might read all bytes for that. */
const SIZE = `coalesce(size, (SELECT length(bytes) FROM object_bytes
  WHERE object_bytes.object_id = object.object_id))`;

/** {@link ObjectTable} in SQL. */
export class SqlObjects implements ObjectTable {
  readonly #sql: Statements;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  async standings(ids: readonly ObjectId[]): Promise<Map<ObjectId, ObjectCounters>> {
    if (ids.length === 0) return new Map();
    const sql = "SELECT object_id, refs, waits FROM object WHERE object_id IN ?*";
    return new Map(
      await this.#sql.all((row) => [text(row, "object_id"), countersFrom(row)], sql, ids),
    );
  }

  async sizes(ids: readonly ObjectId[]): Promise<Map<ObjectId, number>> {
    if (ids.length === 0) return new Map();
    const sql = `SELECT object_id, ${SIZE} AS size FROM object WHERE object_id IN ?*`;
    const entry = (row: Row): [ObjectId, number] => [text(row, "object_id"), number(row, "size")];
    return new Map(await this.#sql.all(entry, sql, ids));
  }

  async bytesOf(ids: readonly ObjectId[]): Promise<Map<ObjectId, Uint8Array>> {
    if (ids.length === 0) return new Map();
    const sql = "SELECT object_id AS key, bytes FROM object_bytes WHERE object_id IN ?*";
    return await this.#sql.bytesByKey(sql, ids);
  }

  async places(ids: readonly ObjectId[]): Promise<Map<ObjectId, Place>> {
    if (ids.length === 0) return new Map();
    const sql = `SELECT object_id, location, size FROM object
      WHERE object_id IN ?* AND location IS NOT NULL`;
    const entry = (row: Row): [ObjectId, Place] => [
      text(row, "object_id"),
      { location: text(row, "location"), size: number(row, "size") },
    ];
    return new Map(await this.#sql.all(entry, sql, ids));
  }

  async placed(): Promise<{ objects: number; bytes: number }> {
    const total = await this.#sql.one(
      (row) => ({ objects: number(row, "objects"), bytes: number(row, "bytes") }),
      `SELECT count(*) AS objects, CAST(coalesce(sum(size), 0) AS BIGINT) AS bytes
         FROM object WHERE location IS NOT NULL`,
    );
    return total!;
  }

  async tree(root: ObjectId): Promise<Map<ObjectId, ObjectId[]>> {
    const rows = await this.#sql.all(
      linkFrom,
      `WITH RECURSIVE tree (parent, position, child) AS (
         SELECT parent, position, child FROM object_child WHERE parent = ?
         UNION SELECT below.parent, below.position, below.child
           FROM tree JOIN object_child AS below ON below.parent = tree.child)
       SELECT parent, child FROM tree ORDER BY parent, position`,
      root,
    );
    const tree = grouped(rows, ({ parent }) => parent, ({ child }) => child);
    for (const id of [root, ...rows.map(({ child }) => child)]) if (!tree.has(id)) tree.set(id, []);
    return tree;
  }

  async childrenOfAll(ids: readonly ObjectId[]): Promise<Map<ObjectId, ObjectId[]>> {
    if (ids.length === 0) return new Map();
    const sql =
      "SELECT parent, child FROM object_child WHERE parent IN ?* ORDER BY parent, position";
    const rows = await this.#sql.all(linkFrom, sql, ids);
    return grouped(rows, ({ parent }) => parent, ({ child }) => child);
  }

  async parentsOfAll(ids: readonly ObjectId[]): Promise<Map<ObjectId, ObjectId[]>> {
    if (ids.length === 0) return new Map();
    const sql = "SELECT parent, child FROM object_child WHERE child IN ?*";
    const rows = await this.#sql.all(linkFrom, sql, ids);
    return grouped(rows, ({ child }) => child, ({ parent }) => parent);
  }

  async addAll(objects: readonly NewObject[]): Promise<void> {
    // A server gets them together and does them in this order.
    await Promise.all([
      this.#sql.insert(
        OBJECT,
        objects.map(({ object: { id, bytes, place }, counters: { references, waits } }) => [
          id,
          references,
          waits,
          place?.location ?? null,
          place === undefined ? null : BigInt(bytes.length),
        ]),
      ),
      this.#sql.insert(
        BYTES,
        objects.filter(({ object: { place } }) => place === undefined)
          .map(({ object: { id, bytes } }) => [id, bytes]),
      ),
      this.#sql.insert(
        CHILD,
        objects.flatMap(({ object: { id, children } }) =>
          [...new Set(children)].map((child, position) => [id, position, child])
        ),
      ),
    ]);
  }

  async addReferencesAll(deltas: ReadonlyMap<ObjectId, number>): Promise<ObjectId[]> {
    const unreferenced: ObjectId[] = [];
    for (const [delta, ids] of byAmount(deltas)) {
      const counts = await this.#sql.returningAll(
        (row) => ({ id: text(row, "object_id"), references: number(row, "refs") }),
        "UPDATE object SET refs = refs + ? WHERE object_id IN ?* RETURNING object_id, refs",
        delta,
        ids,
      );
      for (const { id, references } of counts) if (references === 0) unreferenced.push(id);
    }
    return unreferenced;
  }

  async endWaits(amounts: ReadonlyMap<ObjectId, number>): Promise<void> {
    for (const [amount, ids] of byAmount(amounts)) {
      const sql = "UPDATE object SET waits = waits - ? WHERE object_id IN ?*";
      await this.#sql.run(sql, amount, ids);
    }
  }

  async removeAll(ids: readonly ObjectId[]): Promise<void> {
    if (ids.length === 0) return;
    const locations = await this.#sql.returningAll(
      (row) => row.location as Location | null,
      "DELETE FROM object WHERE object_id IN ?* RETURNING location",
      ids,
    );
    const garbage = locations.filter((location) => location !== null);
    if (garbage.length > 0) await this.#sql.insert(GARBAGE, garbage.map((each) => [each]));
  }

  counters(id: ObjectId): Promise<ObjectCounters | undefined> {
    return this.#sql.one(
      countersFrom,
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
    const sql = `SELECT ${SIZE} AS size FROM object WHERE object_id = ?`;
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

  add(object: PlacedObject, counters: ObjectCounters): Promise<void> {
    return this.addAll([{ object, counters }]);
  }

  async addReferences(id: ObjectId, delta: number): Promise<number> {
    const sql = "UPDATE object SET refs = refs + ? WHERE object_id = ? RETURNING refs";
    return await this.#sql.returning((row) => number(row, "refs"), sql, delta, id) ?? 0;
  }
}

function countersFrom(row: Row): ObjectCounters {
  return { references: number(row, "refs"), waits: number(row, "waits") };
}

/** A reference of an object to its child. */
function linkFrom(row: Row): { parent: ObjectId; child: ObjectId } {
  return { parent: text(row, "parent"), child: text(row, "child") };
}

function grouped<T>(
  rows: readonly T[],
  keyOf: (row: T) => ObjectId,
  valueOf: (row: T) => ObjectId,
): Map<ObjectId, ObjectId[]> {
  const groups = new Map<ObjectId, ObjectId[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group === undefined) groups.set(keyOf(row), [valueOf(row)]);
    else group.push(valueOf(row));
  }
  return groups;
}

/** Ids by their amount: nearly all amounts are equal, so each takes one statement. */
function byAmount(amounts: ReadonlyMap<ObjectId, number>): Map<number, ObjectId[]> {
  const groups = new Map<number, ObjectId[]>();
  for (const [id, amount] of amounts) {
    const group = groups.get(amount);
    if (group === undefined) groups.set(amount, [id]);
    else group.push(id);
  }
  return groups;
}
