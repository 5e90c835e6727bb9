import type { Serial } from "./serial.ts";
import type { SettingTable } from "./store.ts";

/** {@link SettingTable} in memory, which lasts as long as the process. */
export class MemorySettings implements SettingTable {
  readonly #texts = new Map<string, string>();
  readonly #serial: Serial;

  /** @param serial the store's queue of transactions */
  constructor(serial: Serial) {
    this.#serial = serial;
  }

  read(name: string): Promise<string | undefined> {
    return this.#serial.run(() => Promise.resolve(this.#texts.get(name)));
  }

  readOrWrite(name: string, text: string): Promise<string> {
    return this.#serial.run(() => {
      const known = this.#texts.get(name);
      if (known === undefined) this.#texts.set(name, text);
      return Promise.resolve(known ?? text);
    });
  }

  write(name: string, text: string): Promise<void> {
    return this.#serial.run(() => {
      this.#texts.set(name, text);
      return Promise.resolve();
    });
  }
}
