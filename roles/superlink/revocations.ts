import type { PublicKey } from "../../auth/public_key.ts";

/** Revocations of keys: ends the open calls of a key that was removed from the list. */
export class Revocations {
  readonly #controllers = new Map<string, AbortController>();

  /** Returns a signal that is aborted when the key is removed. A key that is listed again gets a new one. */
  signalOf(key: PublicKey): AbortSignal {
    const known = this.#controllers.get(key.pem);
    if (known !== undefined) return known.signal;
    const controller = new AbortController();
    this.#controllers.set(key.pem, controller);
    return controller.signal;
  }

  /** Ends the open calls of a key. */
  revoke(key: PublicKey): void {
    this.#controllers.get(key.pem)?.abort();
    this.#controllers.delete(key.pem);
  }
}
