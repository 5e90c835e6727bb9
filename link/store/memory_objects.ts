import type { NewObject, ObjectCounters, ObjectTable } from "../objects/object_table.ts";
import type { LinkObject, ObjectId } from "../../entities/object.ts";
import type { Journal } from "./journal.ts";
import { Multimap } from "./multimap.ts";

interface Counted extends ObjectCounters {
  readonly object: LinkObject;
}

/** The objects of an in-memory store. */
export class ObjectMap {
  readonly byId = new Map<ObjectId, Counted>();
  readonly parents = new Multimap<ObjectId, ObjectId>();
}

/** {@link ObjectTable} in memory, for one transaction. */
export class MemoryObjects implements ObjectTable {
  readonly #map: ObjectMap;
  readonly #journal: Journal;

  constructor(map: ObjectMap, journal: Journal) {
    this.#map = map;
    this.#journal = journal;
  }

  standings(ids: readonly ObjectId[]): Promise<Map<ObjectId, ObjectCounters>> {
    return Promise.resolve(collected(ids, (id) => this.#map.byId.get(id)));
  }

  sizes(ids: readonly ObjectId[]): Promise<Map<ObjectId, number>> {
    return Promise.resolve(collected(ids, (id) => this.#map.byId.get(id)?.object.bytes.length));
  }

  bytesOf(ids: readonly ObjectId[]): Promise<Map<ObjectId, Uint8Array>> {
    return Promise.resolve(collected(ids, (id) => this.#map.byId.get(id)?.object.bytes));
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

  async removeAll(ids: readonly ObjectId[]): Promise<void> {
    for (const id of ids) await this.remove(id);
  }

  counters(id: ObjectId): Promise<ObjectCounters | undefined> {
    return Promise.resolve(this.#map.byId.get(id));
  }

  get(id: ObjectId): Promise<LinkObject | undefined> {
    return Promise.resolve(this.#map.byId.get(id)?.object);
  }

  bytes(id: ObjectId): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.#map.byId.get(id)?.object.bytes);
  }

  size(id: ObjectId): Promise<number | undefined> {
    return Promise.resolve(this.#map.byId.get(id)?.object.bytes.length);
  }

  childrenOf(id: ObjectId): Promise<ObjectId[]> {
    return Promise.resolve(this.#childrenOf(id));
  }

  parentsOf(id: ObjectId): Promise<ObjectId[]> {
    return Promise.resolve([...this.#map.parents.of(id)]);
  }

  add(object: LinkObject, { references, waits }: ObjectCounters): Promise<void> {
    this.#journal.set(this.#map.byId, object.id, { object, references, waits });
    for (const child of object.children) {
      this.#map.parents.add(this.#journal, child, object.id);
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

  remove(id: ObjectId): Promise<void> {
    for (const child of this.#map.byId.get(id)?.object.children ?? []) {
      this.#map.parents.remove(this.#journal, child, id);
    }
    this.#journal.delete(this.#map.byId, id);
    return Promise.resolve();
  }

  #childrenOf(id: ObjectId): ObjectId[] {
    return [...new Set(this.#map.byId.get(id)?.object.children)];
  }
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
