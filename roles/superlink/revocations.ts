import type { PublicKey } from "../../auth/public_key.ts";

/** Ends the held calls of keys that were removed from the list. */
export class Revocations {
  readonly #controllers = new Map<string, AbortController>();

  /** Aborted when the key is removed; a key that is listed again starts anew. */
  signalOf(key: PublicKey): AbortSignal {
    const known = this.#controllers.get(key.pem);
    if (known !== undefined) return known.signal;
    const controller = new AbortController();
    this.#controllers.set(key.pem, controller);
    return controller.signal;
  }

  /** Ends what the key's holder has open. */
  revoke(key: PublicKey): void {
    this.#controllers.get(key.pem)?.abort();
    this.#controllers.delete(key.pem);
  }
}
