import type { NodeSettingsTable } from "../runs/node_settings_table.ts";
import type { Journal } from "./journal.ts";

/** {@link NodeSettingsTable} in memory, for one transaction. */
export class MemoryNodeSettings implements NodeSettingsTable {
  readonly #settings: Map<bigint, Uint8Array>;
  readonly #journal: Journal;

  constructor(settings: Map<bigint, Uint8Array>, journal: Journal) {
    this.#settings = settings;
    this.#journal = journal;
  }

  get(runId: bigint): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.#settings.get(runId));
  }

  add(runId: bigint, settings: Uint8Array): Promise<void> {
    this.#journal.set(this.#settings, runId, settings);
    return Promise.resolve();
  }

  remove(runId: bigint): Promise<void> {
    if (this.#settings.has(runId)) this.#journal.delete(this.#settings, runId);
    return Promise.resolve();
  }
}
