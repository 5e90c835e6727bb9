import { FlwrError } from "../../base/error.ts";
import type { ObjectLimits, ObjectTables } from "./context.ts";
import type { ObjectCounters } from "./object_table.ts";
import type { LinkObject, ObjectId } from "../../entities/object.ts";

// Reference counting of objects. The references to an object come from the message whose root it is, and from the
// stored objects whose child it is. It is removed with its last reference, unless an open push announced it; then it is
// removed with the push. Objects of a push arrive in any order, so an object can be stored before its children. It
// counts the children that are missing or incomplete; at 0 it is complete. Every object of an accepted message is
// complete.

/**
 * Adds objects that are not stored yet, each once.
 *
 * @returns ids of the objects that this completes, children first: of these objects, and of their ancestors
 */
export async function addObjects(
  tx: ObjectTables,
  objects: readonly LinkObject[],
): Promise<ObjectId[]> {
  if (objects.length === 0) return [];
  const added = new Map(objects.map(({ id, children }) => [id, [...new Set(children)]]));
  const parents = await tx.objects.parentsOfAll([...added.keys()]);
  /** Number of references of the new objects to each child. */
  const references = new Map<ObjectId, number>();
  for (const child of [...added.values()].flat()) {
    references.set(child, (references.get(child) ?? 0) + 1);
  }
  const stored = new Set([...references.keys(), ...[...parents.values()].flat()]);
  const standings = await tx.objects.standings([...stored].filter((id) => !added.has(id)));
  /** Children that are missing or incomplete, of each new object. */
  const waits = new Map<ObjectId, number>();
  /** New objects that wait for each child. */
  const waiting = new Map<ObjectId, ObjectId[]>();
  for (const [id, children] of added) {
    const awaited = children.filter((child) => standings.get(child)?.waits !== 0);
    waits.set(id, awaited.length);
    for (const child of awaited) waiting.set(child, [...waiting.get(child) ?? [], id]);
  }
  const completed = [...added.keys()].filter((id) => waits.get(id) === 0);
  const ended = new Map<ObjectId, number>();
  for (let next = 0; next < completed.length; next++) {
    const id = completed[next]!;
    for (const parent of waiting.get(id) ?? []) {
      const left = waits.get(parent)! - 1;
      waits.set(parent, left);
      if (left === 0) completed.push(parent);
    }
    for (const parent of await parentsOf(tx, id, { parents, standings })) {
      const number = (ended.get(parent) ?? 0) + 1;
      ended.set(parent, number);
      if (number === standings.get(parent)!.waits) completed.push(parent);
    }
  }
  await tx.objects.addAll(objects.map((object) => ({
    object,
    counters: {
      references: (parents.get(object.id)?.length ?? 0) + (references.get(object.id) ?? 0),
      waits: waits.get(object.id)!,
    },
  })));
  for (const id of added.keys()) references.delete(id);
  await tx.objects.addReferencesAll(references);
  await tx.objects.endWaits(ended);
  return completed;
}

/** The stored parents of a completed object. Those of a stored object are read now, because few become complete. */
async function parentsOf(
  tx: ObjectTables,
  id: ObjectId,
  { parents, standings }: {
    readonly parents: Map<ObjectId, ObjectId[]>;
    readonly standings: Map<ObjectId, ObjectCounters>;
  },
): Promise<readonly ObjectId[]> {
  if (standings.has(id)) {
    const above = await tx.objects.parentsOf(id);
    parents.set(id, above);
    for (const [parent, counters] of await tx.objects.standings(above)) {
      standings.set(parent, counters);
    }
  }
  return parents.get(id) ?? [];
}

/** Objects of messages that are to be stored together, and what is already stored of them. */
export class NewTrees {
  readonly #tx: ObjectTables;
  readonly #standings = new Map<ObjectId, ObjectCounters | undefined>();
  /** The objects to store, children first. */
  readonly objects: LinkObject[] = [];

  constructor(tx: ObjectTables) {
    this.#tx = tx;
  }

  /** Reads the counters of objects that {@link add} will need. It reads others one by one. */
  async expect(ids: Iterable<ObjectId>): Promise<void> {
    const wanted = [...new Set(ids)].filter((id) => !this.#standings.has(id));
    const found = await this.#tx.objects.standings(wanted);
    for (const id of wanted) this.#standings.set(id, found.get(id));
  }

  /** The counters of a stored object. */
  async standing(id: ObjectId): Promise<ObjectCounters | undefined> {
    if (!this.#standings.has(id)) {
      this.#standings.set(id, (await this.#tx.objects.standings([id])).get(id));
    }
    return this.#standings.get(id);
  }

  /**
   * Adds the objects of a message that are not stored yet, if all of them are available.
   *
   * @param root id of the message's own object
   * @param find returns an object that was sent with the message; only objects in the root's tree are stored
   * @returns what is missing or wrong, as a sentence. Nothing was added then
   */
  async add(
    root: ObjectId,
    find: (id: ObjectId) => LinkObject | undefined,
    limits: ObjectLimits,
  ): Promise<string | undefined> {
    const added: LinkObject[] = [];
    const seen = new Set<ObjectId>();
    const visit = async (id: ObjectId, depth: number): Promise<string | undefined> => {
      if (seen.has(id)) return undefined;
      const counters = await this.standing(id);
      if (counters?.waits === 0) return undefined;
      // Also ends a cycle, which is impossible with real hashes.
      if (depth > limits.maxObjectDepth) {
        return `The message's objects are nested more than ${limits.maxObjectDepth} deep`;
      }
      const object = find(id);
      if (counters === undefined && object === undefined) {
        return `Object "${id}" of the message is missing`;
      }
      const children = counters === undefined
        ? object!.children
        : await this.#tx.objects.childrenOf(id);
      for (const child of children) {
        const fault = await visit(child, depth + 1);
        if (fault !== undefined) return fault;
      }
      seen.add(id);
      if (counters === undefined) added.push(object!);
      return undefined;
    };
    const fault = await visit(root, 1);
    if (fault !== undefined) return fault;
    this.objects.push(...added);
    for (const id of seen) this.#standings.set(id, { references: 0, waits: 0 });
    return undefined;
  }
}

/** Removes one reference to an object, and all objects that are then unreferenced. */
export async function releaseTree(tx: ObjectTables, root: ObjectId): Promise<void> {
  if (await tx.objects.addReferences(root, -1) === 0) await removeUnneeded(tx, [root]);
}

/**
 * Removes unreferenced objects, and objects that only they referred to, except for those that an open push announced.
 */
export async function removeUnneeded(tx: ObjectTables, roots: readonly ObjectId[]): Promise<void> {
  for (let left = [...roots]; left.length > 0;) {
    const announced = await tx.pushes.areAnnounced(left);
    const gone = left.filter((id) => !announced.has(id));
    if (gone.length === 0) return;
    const children = [...(await tx.objects.childrenOfAll(gone)).values()].flat();
    await tx.objects.removeAll(gone);
    const deltas = new Map<ObjectId, number>();
    for (const child of children) deltas.set(child, (deltas.get(child) ?? 0) - 1);
    left = await tx.objects.addReferencesAll(deltas);
  }
}

/** Error for an object that is not stored. */
export function missingObject(id: ObjectId): FlwrError {
  return new FlwrError("not-found", `The SuperLink has no object "${id}", or no longer has it`);
}
