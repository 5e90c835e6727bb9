/** Changes maps and remembers how to take the changes back. */
export class Journal {
  #undo: (() => void)[] = [];

  set<K, V>(map: Map<K, V>, key: K, value: V): void {
    this.#remember(map, key);
    map.set(key, value);
  }

  delete<K, V>(map: Map<K, V>, key: K): void {
    this.#remember(map, key);
    map.delete(key);
  }

  /** Remembers how to take back a change of something else than a map. */
  onRollBack(undo: () => void): void {
    this.#undo.push(undo);
  }

  /**
   * Takes all changes back, the last first. An entry that comes back stands at the end of its map: what needs an order
   * keeps places. To look where it stood would cost a walk over all that was deleted before it.
   */
  rollBack(): void {
    for (const undo of this.#undo.reverse()) undo();
    this.#undo = [];
  }

  #remember<K, V>(map: Map<K, V>, key: K): void {
    if (map.has(key)) {
      const before = map.get(key)!;
      this.#undo.push(() => map.set(key, before));
    } else {
      this.#undo.push(() => map.delete(key));
    }
  }
}
