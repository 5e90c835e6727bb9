import type { Journal } from "./journal.ts";

/** A multimap: the members of each key, in the order of insertion. */
export class Multimap<K, V> {
  readonly #members = new Map<K, Map<V, true>>();

  of(key: K): Iterable<V> {
    return this.#members.get(key)?.keys() ?? [];
  }

  has(key: K, member: V): boolean {
    return this.#members.get(key)?.has(member) ?? false;
  }

  /** Total number of members of all keys. */
  get size(): number {
    return this.#members.values().reduce((sum, { size }) => sum + size, 0);
  }

  add(journal: Journal, key: K, member: V): void {
    let members = this.#members.get(key);
    if (members === undefined) {
      members = new Map();
      journal.set(this.#members, key, members);
    }
    if (!members.has(member)) journal.set(members, member, true);
  }

  remove(journal: Journal, key: K, member: V): void {
    const members = this.#members.get(key);
    if (!members?.has(member)) return;
    journal.delete(members, member);
    if (members.size === 0) journal.delete(this.#members, key);
  }
}
