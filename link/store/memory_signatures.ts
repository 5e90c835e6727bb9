import type { Serial } from "./serial.ts";
import type { SignatureRecord, SignatureTable } from "./store.ts";

/** {@link SignatureTable} in memory, which lasts as long as the process. */
export class MemorySignatures implements SignatureTable {
  /** Expiry of each signature, by peer and nonce. */
  readonly #until = new Map<string, number>();
  readonly #serial: Serial;

  /** @param serial the store's queue of transactions */
  constructor(serial: Serial) {
    this.#serial = serial;
  }

  add(signatures: readonly SignatureRecord[]): Promise<boolean[]> {
    return this.#serial.run(() => {
      const added = signatures.map(({ peer, nonce, until }) => {
        const key = JSON.stringify([peer, nonce]);
        if (this.#until.has(key)) return false;
        this.#until.set(key, until);
        return true;
      });
      return Promise.resolve(added);
    });
  }

  removeExpired(now: number): Promise<void> {
    return this.#serial.run(() => {
      for (const [key, until] of this.#until) {
        if (until <= now) this.#until.delete(key);
      }
      return Promise.resolve();
    });
  }
}
