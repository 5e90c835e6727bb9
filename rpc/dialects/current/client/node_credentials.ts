import type { PrivateKey } from "../../../../auth/private_key.ts";
import { TimeSigner } from "../../../../auth/signed_time.ts";
import type { Clock } from "../../../../base/clock.ts";
import {
  PUBLIC_KEY_HEADER,
  SESSION_HEADER,
  SIGNATURE_HEADER,
  TIMESTAMP_HEADER,
} from "../headers.ts";

/** Curve of the key that a node generates for itself, as Flower's nodes do. */
export const OWN_KEY_CURVE = "P-384";

/** Session id of each key in this process: all connections of the process are one SuperNode. */
const sessions = new WeakMap<PrivateKey, string>();

/** Returns the session id of a key in this process: 32 hexadecimal digits. */
export function sessionOf(key: PrivateKey): string {
  const session = sessions.get(key) ?? crypto.getRandomValues(new Uint8Array(16)).toHex();
  sessions.set(key, session);
  return session;
}

/**
 * Creates the headers of a SuperNode's calls: its public key and a time signed with its private key, a new one for
 * each attempt.
 */
export class NodeCredentials {
  /** The public key as requests and headers contain it: its PEM text as bytes. */
  readonly publicKey: Uint8Array;
  /** The key's name in logs and messages. */
  readonly fingerprint: string;
  readonly #signer: TimeSigner;
  readonly #session: string;

  /** @param session distinguishes processes with the same key; 32 hexadecimal digits */
  constructor(key: PrivateKey, clock: Clock, session: string = sessionOf(key)) {
    this.#session = session;
    this.publicKey = new TextEncoder().encode(key.publicKey.pem);
    this.fingerprint = key.publicKey.fingerprint;
    this.#signer = new TimeSigner(key, clock);
  }

  /** Creates the headers of one attempt at a call. */
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
