/**
 * A map with a bounded number of entries: beyond its capacity the entry that was unused for longest is dropped. To read an
 * entry by `get` and to write it are uses of it.
 */
export class RecentMap<Key, Value> {
  readonly #capacity: number;
  /** The entry used last comes last. */
  readonly #entries = new Map<Key, Value>();

  /** @param capacity how many entries are kept, from 1 */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** The number of entries. */
  get size(): number {
    return this.#entries.size;
  }

  /** The value under a key, which becomes the entry used last. */
  get(key: Key): Value | undefined {
    const value = this.#entries.get(key);
    if (value === undefined && !this.#entries.has(key)) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value as Value);
    return value;
  }

  /** The value under a key. This is no use of the entry. */
  peek(key: Key): Value | undefined {
    return this.#entries.get(key);
  }

  /** Puts a value under a key, in place of the one there. */
  set(key: Key, value: Value): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#capacity) break;
      this.#entries.delete(oldest);
    }
  }

  /** Removes an entry. @returns whether there was one */
  delete(key: Key): boolean {
    return this.#entries.delete(key);
  }

  /** The values, the one unused for longest first. */
  values(): IterableIterator<Value> {
    return this.#entries.values();
  }

  /** The entries, the one unused for longest first. */
  [Symbol.iterator](): IterableIterator<[Key, Value]> {
    return this.#entries[Symbol.iterator]();
  }
}
