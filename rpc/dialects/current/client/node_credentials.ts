import type { PrivateKey } from "../../../../auth/private_key.ts";
import { TimeSigner } from "../../../../auth/signed_time.ts";
import type { Clock } from "../../../../base/clock.ts";
import {
  PUBLIC_KEY_HEADER,
  SESSION_HEADER,
  SIGNATURE_HEADER,
  TIMESTAMP_HEADER,
} from "../headers.ts";

/** The curve of a key that a node makes for itself, as Flower's do. */
export const OWN_KEY_CURVE = "P-384";

/** The session of each key that this program has read: all of its connections are one SuperNode. */
const sessions = new WeakMap<PrivateKey, string>();

function sessionOf(key: PrivateKey): string {
  const session = sessions.get(key) ?? crypto.getRandomValues(new Uint8Array(16)).toHex();
  sessions.set(key, session);
  return session;
}

/** The headers of a SuperNode's calls: its key and a time signed with it, another one for each try. */
export class NodeCredentials {
  /** The public key as requests and headers carry it: its PEM text as bytes. */
  readonly publicKey: Uint8Array;
  /** What logs and messages call the key by. */
  readonly fingerprint: string;
  readonly #signer: TimeSigner;
  readonly #session: string;

  /** @param session names this program among those with the same key; 32 hexadecimal digits */
  constructor(key: PrivateKey, clock: Clock, session: string = sessionOf(key)) {
    this.#session = session;
    this.publicKey = new TextEncoder().encode(key.publicKey.pem);
    this.fingerprint = key.publicKey.fingerprint;
    this.#signer = new TimeSigner(key, clock);
  }

  /** The headers of one try of a call. */
  async headers(): Promise<Record<string, string | Uint8Array>> {
    const { timestamp, signature } = await this.#signer.sign();
    return {
      [PUBLIC_KEY_HEADER]: this.publicKey,
      [TIMESTAMP_HEADER]: timestamp,
      [SIGNATURE_HEADER]: signature,
      [SESSION_HEADER]: this.#session,
    };
  }
}
