/** Changes maps and remembers how to take the changes back. */
export class Journal {
  #undo: (() => void)[] = [];

  set<K, V>(map: Map<K, V>, key: K, value: V): void {
    this.#remember(map, key);
    map.set(key, value);
  }

  delete<K, V>(map: Map<K, V>, key: K): void {
    if (map.size > 1 && map.keys().next().value === key) this.#rememberFirst(map, key);
    else this.#remember(map, key);
    map.delete(key);
  }

  /** Remembers how to take back a change of something else than a map. */
  onRollBack(undo: () => void): void {
    this.#undo.push(undo);
  }

  /**
   * Takes all changes back, the last first. An entry that comes back stands where it was if it was the first, as the
   * oldest line of a log, and at the end of its map otherwise: what needs more of an order keeps places.
   */
  rollBack(): void {
    for (const undo of this.#undo.reverse()) undo();
    this.#undo = [];
  }

  #rememberFirst<K, V>(map: Map<K, V>, key: K): void {
    const before = map.get(key)!;
    this.#undo.push(() => {
      const others = [...map];
      map.clear();
      map.set(key, before);
      for (const [each, value] of others) map.set(each, value);
    });
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
