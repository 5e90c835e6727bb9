/**
 * A map with a limited number of entries: beyond its capacity, the least recently used entry is removed. Reading an
 * entry with `get` and writing it count as uses.
 */
export class RecentMap<Key, Value> {
  readonly #capacity: number;
  /** The most recently used entry is the last one. */
  readonly #entries = new Map<Key, Value>();

  /**
   * Creates an empty map.
   *
   * @param capacity largest number of entries, from 1
   */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** The number of entries. */
  get size(): number {
    return this.#entries.size;
  }

  /** The value of a key; the entry becomes the most recently used one. */
  get(key: Key): Value | undefined {
    const value = this.#entries.get(key);
    if (value === undefined && !this.#entries.has(key)) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value as Value);
    return value;
  }

  /** The value of a key. This does not count as a use. */
  peek(key: Key): Value | undefined {
    return this.#entries.get(key);
  }

  /** Sets the value of a key. */
  set(key: Key, value: Value): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#capacity) break;
      this.#entries.delete(oldest);
    }
  }

  /** Removes an entry. @returns whether it existed */
  delete(key: Key): boolean {
    return this.#entries.delete(key);
  }

  /** The values, the least recently used first. */
  values(): IterableIterator<Value> {
    return this.#entries.values();
  }

  /** The entries, the least recently used first. */
  [Symbol.iterator](): IterableIterator<[Key, Value]> {
    return this.#entries[Symbol.iterator]();
  }
}
