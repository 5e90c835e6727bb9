import type { LinkObject, ObjectId } from "../../../entities/object.ts";
import type { NewObject, ObjectCounters, PlacedObject } from "../../objects/object_table.ts";
import { SqlObjects } from "../sql/objects.ts";
import type { Statements } from "../sql/statements.ts";
import type { BytesCache } from "./bytes_cache.ts";
import { arrayText } from "./statements.ts";

/** Bytes of objects that one statement adds, if they are not those of one object. */
const BATCH_BYTES = 8 * 2 ** 20;

// One statement each, because a statement costs the server and the network more than its rows. All bytes are one value,
// because the server reads long arrays slowly, one character at a time.
const ADD = `WITH counters AS (
    INSERT INTO object (object_id, refs, waits, location, size)
      SELECT * FROM unnest(?::text[], ?::int8[], ?::int8[], ?::text[], ?::int8[])),
  contents AS (
    INSERT INTO object_bytes (object_id, bytes)
      SELECT id, substring(everything FROM start FOR size)
        FROM unnest(?::text[], ?::int4[], ?::int4[]) AS part (id, start, size),
          (SELECT ?::bytea AS everything) AS one)
  INSERT INTO object_child (parent, position, child)
    SELECT * FROM unnest(?::text[], ?::int8[], ?::text[])`;
const REMOVE = `WITH list AS (SELECT ?::text[] AS ids),
  contents AS (DELETE FROM object_bytes WHERE object_id = ANY ((SELECT ids FROM list)::text[])),
  children AS (DELETE FROM object_child WHERE parent = ANY ((SELECT ids FROM list)::text[])),
  gone AS (
    DELETE FROM object WHERE object_id = ANY ((SELECT ids FROM list)::text[]) RETURNING location)
  INSERT INTO garbage (location) SELECT location FROM gone WHERE location IS NOT NULL`;

/** Objects in PostgreSQL. Bytes that this SuperLink has stored or read a moment ago do not come from the server again. */
export class PostgresObjects extends SqlObjects {
  readonly #sql: Statements;
  readonly #cache: BytesCache;
  /** Objects that this transaction has found. No other one removes them meanwhile, or else this one does not see it. */
  readonly #stored = new Set<ObjectId>();

  constructor(sql: Statements, cache: BytesCache) {
    super(sql);
    this.#sql = sql;
    this.#cache = cache;
  }

  override async standings(ids: readonly ObjectId[]): Promise<Map<ObjectId, ObjectCounters>> {
    const found = await super.standings(ids);
    for (const id of found.keys()) this.#stored.add(id);
    return found;
  }

  override async sizes(ids: readonly ObjectId[]): Promise<Map<ObjectId, number>> {
    const cached = this.#cached(ids);
    const [stored, read] = await Promise.all([
      this.standings([...cached.keys()]),
      super.sizes(ids.filter((id) => !cached.has(id))),
    ]);
    return new Map([
      ...[...stored.keys()].map((id) => [id, cached.get(id)!.length] as const),
      ...read,
    ]);
  }

  override async bytesOf(ids: readonly ObjectId[]): Promise<Map<ObjectId, Uint8Array>> {
    const cached = this.#cached(ids);
    // Which objects exist is the server's to say: another SuperLink may have removed them before this transaction.
    const [, read] = await Promise.all([
      this.standings([...cached.keys()].filter((id) => !this.#stored.has(id))),
      super.bytesOf(ids.filter((id) => !cached.has(id))),
    ]);
    for (const [id, bytes] of read) this.#cache.set(id, bytes);
    for (const [id, bytes] of cached) if (this.#stored.has(id)) read.set(id, bytes);
    return read;
  }

  #cached(ids: readonly ObjectId[]): Map<ObjectId, Uint8Array> {
    const cached = new Map<ObjectId, Uint8Array>();
    for (const id of ids) {
      const bytes = this.#cache.get(id);
      if (bytes !== undefined) cached.set(id, bytes);
    }
    return cached;
  }

  override async bytes(id: ObjectId): Promise<Uint8Array | undefined> {
    return (await this.bytesOf([id])).get(id);
  }

  override async get(id: ObjectId): Promise<LinkObject | undefined> {
    const [bytes, children] = await Promise.all([this.bytes(id), this.childrenOf(id)]);
    return bytes && { id, bytes, children };
  }

  override async addAll(objects: readonly NewObject[]): Promise<void> {
    for (const batch of batches(objects)) await this.#add(batch);
    for (const { object } of objects) {
      if (object.place === undefined) this.#cache.set(object.id, object.bytes);
    }
  }

  #add(objects: readonly NewObject[]): Promise<void> {
    const places = objects.map(({ object: { place, bytes } }) => ({
      location: place?.location ?? null,
      size: place === undefined ? null : BigInt(bytes.length),
    }));
    const stored = objects.filter(({ object: { place } }) => place === undefined);
    const sizes = stored.map(({ object: { bytes } }) => bytes.length);
    const everything = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0));
    const starts: number[] = [];
    let end = 0;
    for (const { object: { bytes } } of stored) {
      everything.set(bytes, end);
      starts.push(end + 1);
      end += bytes.length;
    }
    const links = objects.flatMap(({ object: { id, children } }) =>
      [...new Set(children)].map((child, position) => ({ id, position, child }))
    );
    return this.#sql.run(
      ADD,
      arrayText(objects.map(({ object: { id } }) => id)),
      arrayText(objects.map(({ counters: { references } }) => references)),
      arrayText(objects.map(({ counters: { waits } }) => waits)),
      arrayText(places.map(({ location }) => location)),
      arrayText(places.map(({ size }) => size)),
      arrayText(stored.map(({ object: { id } }) => id)),
      arrayText(starts),
      arrayText(sizes),
      everything,
      arrayText(links.map(({ id }) => id)),
      arrayText(links.map(({ position }) => position)),
      arrayText(links.map(({ child }) => child)),
    );
  }

  override add(object: PlacedObject, counters: ObjectCounters): Promise<void> {
    return this.addAll([{ object, counters }]);
  }

  /** Without foreign keys, which the server would check and follow row by row. */
  override async removeAll(ids: readonly ObjectId[]): Promise<void> {
    if (ids.length === 0) return;
    for (const id of ids) this.#stored.delete(id);
    await this.#sql.run(REMOVE, ids);
  }
}

/** Divides objects into batches of at most {@link BATCH_BYTES}, or of one object. */
function* batches(objects: readonly NewObject[]): Generator<NewObject[]> {
  let batch: NewObject[] = [];
  let size = 0;
  for (const each of objects) {
    const bytes = each.object.place === undefined ? each.object.bytes.length : 0;
    size += bytes;
    if (batch.length > 0 && size > BATCH_BYTES) {
      yield batch;
      [batch, size] = [[], bytes];
    }
    batch.push(each);
  }
  if (batch.length > 0) yield batch;
}
