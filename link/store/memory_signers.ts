import type { Serial } from "./serial.ts";
import type { SignerTable } from "./store.ts";

/** {@link SignerLedger} in memory, which lasts as long as the process. */
export class MemorySigners implements SignerTable {
  readonly #until = new Map<string, number>();
  readonly #serial: Serial;

  /** @param serial the store's queue of transactions */
  constructor(serial: Serial) {
    this.#serial = serial;
  }

  read(): Promise<Map<string, number>> {
    return this.#serial.run(() => Promise.resolve(new Map(this.#until)));
  }

  note(until: ReadonlyMap<string, number>, forgetBefore: number): Promise<void> {
    return this.#serial.run(() => {
      for (const [peer, time] of until) this.#until.set(peer, time);
      for (const [peer, time] of this.#until) {
        if (time < forgetBefore) this.#until.delete(peer);
      }
      return Promise.resolve();
    });
  }
}
