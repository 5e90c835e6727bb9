import type { Journal } from "./journal.ts";
import type { SignerTable } from "./signer_table.ts";

/** The signers in memory as one transaction sees them: they last as long as the process. */
export class MemorySigners implements SignerTable {
  readonly #map: Map<string, number>;
  readonly #journal: Journal;

  constructor(map: Map<string, number>, journal: Journal) {
    this.#map = map;
    this.#journal = journal;
  }

  all(): Promise<Map<string, number>> {
    return Promise.resolve(new Map(this.#map));
  }

  put(peer: string, until: number): Promise<void> {
    this.#journal.set(this.#map, peer, until);
    return Promise.resolve();
  }

  forget(before: number): Promise<void> {
    for (const [peer, until] of this.#map) {
      if (until < before) this.#journal.delete(this.#map, peer);
    }
    return Promise.resolve();
  }
}
