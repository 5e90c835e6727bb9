import type { ObjectCounters, ObjectTable } from "../objects/object_table.ts";
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
    return Promise.resolve([...new Set(this.#map.byId.get(id)?.object.children)]);
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

  addReferences(id: ObjectId, delta: 1 | -1): Promise<number> {
    const counted = this.#map.byId.get(id);
    if (counted === undefined) return Promise.resolve(0);
    const references = counted.references + delta;
    this.#journal.set(this.#map.byId, id, { ...counted, references });
    return Promise.resolve(references);
  }

  endWait(id: ObjectId): Promise<number> {
    const counted = this.#map.byId.get(id)!;
    const waits = counted.waits - 1;
    this.#journal.set(this.#map.byId, id, { ...counted, waits });
    return Promise.resolve(waits);
  }

  remove(id: ObjectId): Promise<void> {
    for (const child of this.#map.byId.get(id)?.object.children ?? []) {
      this.#map.parents.remove(this.#journal, child, id);
    }
    this.#journal.delete(this.#map.byId, id);
    return Promise.resolve();
  }
}
