import type {
  NewObject,
  ObjectCounters,
  ObjectTable,
  Place,
  PlacedObject,
} from "../objects/object_table.ts";
import type { LinkObject, ObjectId } from "../../entities/object.ts";
import type { Journal } from "./journal.ts";
import type { GarbageMap } from "./memory_garbage.ts";
import { Multimap } from "./multimap.ts";

interface Counted extends ObjectCounters {
  /** Without bytes if it is in the object store. */
  readonly object: LinkObject;
  readonly place?: Place;
}

const NO_BYTES = new Uint8Array();

/** The objects of an in-memory store. */
export class ObjectMap {
  readonly byId = new Map<ObjectId, Counted>();
  readonly parents = new Multimap<ObjectId, ObjectId>();
}

/** {@link ObjectTable} in memory, for one transaction. */
export class MemoryObjects implements ObjectTable {
  readonly #map: ObjectMap;
  readonly #journal: Journal;
  readonly #garbage: GarbageMap;

  constructor(map: ObjectMap, journal: Journal, garbage: GarbageMap) {
    this.#map = map;
    this.#journal = journal;
    this.#garbage = garbage;
  }

  standings(ids: readonly ObjectId[]): Promise<Map<ObjectId, ObjectCounters>> {
    return Promise.resolve(collected(ids, (id) => this.#map.byId.get(id)));
  }

  sizes(ids: readonly ObjectId[]): Promise<Map<ObjectId, number>> {
    return Promise.resolve(collected(ids, (id) => sizeOf(this.#map.byId.get(id))));
  }

  bytesOf(ids: readonly ObjectId[]): Promise<Map<ObjectId, Uint8Array>> {
    return Promise.resolve(collected(ids, (id) => bytesOf(this.#map.byId.get(id))));
  }

  places(ids: readonly ObjectId[]): Promise<Map<ObjectId, Place>> {
    return Promise.resolve(collected(ids, (id) => this.#map.byId.get(id)?.place));
  }

  placed(): Promise<{ objects: number; bytes: number }> {
    const places = [...this.#map.byId.values()].flatMap(({ place }) => place ?? []);
    const bytes = places.reduce((sum, { size }) => sum + size, 0);
    return Promise.resolve({ objects: places.length, bytes });
  }

  tree(root: ObjectId): Promise<Map<ObjectId, ObjectId[]>> {
    const tree = new Map<ObjectId, ObjectId[]>();
    const left = [root];
    for (let id = left.pop(); id !== undefined; id = left.pop()) {
      if (tree.has(id)) continue;
      const children = this.#childrenOf(id);
      tree.set(id, children);
      left.push(...children);
    }
    return Promise.resolve(tree);
  }

  childrenOfAll(ids: readonly ObjectId[]): Promise<Map<ObjectId, ObjectId[]>> {
    return Promise.resolve(collected(ids, (id) => orNone(this.#childrenOf(id))));
  }

  parentsOfAll(ids: readonly ObjectId[]): Promise<Map<ObjectId, ObjectId[]>> {
    return Promise.resolve(collected(ids, (id) => orNone([...this.#map.parents.of(id)])));
  }

  async addAll(objects: readonly NewObject[]): Promise<void> {
    for (const { object, counters } of objects) await this.add(object, counters);
  }

  async addReferencesAll(deltas: ReadonlyMap<ObjectId, number>): Promise<ObjectId[]> {
    const unreferenced: ObjectId[] = [];
    for (const [id, delta] of deltas) {
      if (!this.#map.byId.has(id)) continue;
      if (await this.addReferences(id, delta) === 0) unreferenced.push(id);
    }
    return unreferenced;
  }

  endWaits(amounts: ReadonlyMap<ObjectId, number>): Promise<void> {
    for (const [id, amount] of amounts) {
      const counted = this.#map.byId.get(id);
      if (counted === undefined) continue;
      this.#journal.set(this.#map.byId, id, { ...counted, waits: counted.waits - amount });
    }
    return Promise.resolve();
  }

  removeAll(ids: readonly ObjectId[]): Promise<void> {
    for (const id of ids) {
      const counted = this.#map.byId.get(id);
      if (counted?.place !== undefined) {
        this.#journal.set(this.#garbage, counted.place.location, undefined);
      }
      for (const child of counted?.object.children ?? []) {
        this.#map.parents.remove(this.#journal, child, id);
      }
      this.#journal.delete(this.#map.byId, id);
    }
    return Promise.resolve();
  }

  counters(id: ObjectId): Promise<ObjectCounters | undefined> {
    return Promise.resolve(this.#map.byId.get(id));
  }

  get(id: ObjectId): Promise<LinkObject | undefined> {
    const counted = this.#map.byId.get(id);
    return Promise.resolve(counted?.place === undefined ? counted?.object : undefined);
  }

  bytes(id: ObjectId): Promise<Uint8Array | undefined> {
    return Promise.resolve(bytesOf(this.#map.byId.get(id)));
  }

  size(id: ObjectId): Promise<number | undefined> {
    return Promise.resolve(sizeOf(this.#map.byId.get(id)));
  }

  childrenOf(id: ObjectId): Promise<ObjectId[]> {
    return Promise.resolve(this.#childrenOf(id));
  }

  parentsOf(id: ObjectId): Promise<ObjectId[]> {
    return Promise.resolve([...this.#map.parents.of(id)]);
  }

  add(
    { id, bytes, children, place }: PlacedObject,
    { references, waits }: ObjectCounters,
  ): Promise<void> {
    const object = { id, bytes: place === undefined ? bytes : NO_BYTES, children };
    this.#journal.set(this.#map.byId, id, {
      object,
      references,
      waits,
      ...(place && { place: { location: place.location, size: bytes.length } }),
    });
    for (const child of children) {
      this.#map.parents.add(this.#journal, child, id);
    }
    return Promise.resolve();
  }

  addReferences(id: ObjectId, delta: number): Promise<number> {
    const counted = this.#map.byId.get(id);
    if (counted === undefined) return Promise.resolve(0);
    const references = counted.references + delta;
    this.#journal.set(this.#map.byId, id, { ...counted, references });
    return Promise.resolve(references);
  }

  #childrenOf(id: ObjectId): ObjectId[] {
    return [...new Set(this.#map.byId.get(id)?.object.children)];
  }
}

/** Bytes of an object in the store itself. */
function bytesOf(counted: Counted | undefined): Uint8Array | undefined {
  return counted?.place === undefined ? counted?.object.bytes : undefined;
}

function sizeOf(counted: Counted | undefined): number | undefined {
  return counted?.place?.size ?? counted?.object.bytes.length;
}

/** What is known of each id. */
function collected<T>(
  ids: readonly ObjectId[],
  of: (id: ObjectId) => T | undefined,
): Map<ObjectId, T> {
  const found = new Map<ObjectId, T>();
  for (const id of ids) {
    const value = of(id);
    if (value !== undefined) found.set(id, value);
  }
  return found;
}

function orNone(ids: ObjectId[]): ObjectId[] | undefined {
  return ids.length === 0 ? undefined : ids;
}
