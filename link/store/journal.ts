import { readOnlyError } from "../transactions/transactions.ts";

/** Undo log of one transaction in memory: changes maps and can roll the changes back. */
export class Journal {
  #undo: (() => void)[] = [];
  readonly #isReadOnly: boolean;

  /** @param isReadOnly whether every change is refused */
  constructor(isReadOnly = false) {
    this.#isReadOnly = isReadOnly;
  }

  set<K, V>(map: Map<K, V>, key: K, value: V): void {
    this.#remember(map, key);
    map.set(key, value);
  }

  delete<K, V>(map: Map<K, V>, key: K): void {
    this.#remember(map, key);
    map.delete(key);
  }

  /** Registers how to undo a change that is not a change of a map. */
  onRollBack(undo: () => void): void {
    if (this.#isReadOnly) throw readOnlyError();
    this.#undo.push(undo);
  }

  /**
   * Undoes all changes, the last first. A restored entry is at the end of its map, because finding its former position
   * would require a walk over the map. Tables that need an order store positions.
   */
  rollBack(): void {
    for (const undo of this.#undo.reverse()) undo();
    this.#undo = [];
  }

  #remember<K, V>(map: Map<K, V>, key: K): void {
    if (this.#isReadOnly) throw readOnlyError();
    if (map.has(key)) {
      const before = map.get(key)!;
      this.#undo.push(() => map.set(key, before));
    } else {
      this.#undo.push(() => map.delete(key));
    }
  }
}
