import { PrivateKey } from "../../auth/private_key.ts";
import { TimeSigner } from "../../auth/signed_time.ts";
import {
  PUBLIC_KEY_HEADER,
  SIGNATURE_HEADER,
  TIMESTAMP_HEADER,
} from "../../rpc/dialects/current/headers.ts";
import type { Curve } from "../../auth/curve.ts";

/** The credentials of one call, as either transport takes them. */
export interface CallCredentials {
  /** Header lines of HTTP. */
  readonly lines: string;
  /** Metadata of gRPC. */
  readonly metadata: Readonly<Record<string, string | Uint8Array>>;
}

/** A simulated node's key and the credentials that it makes. */
export class LoadIdentity {
  /** The public key as calls carry it: its PEM text as bytes. */
  readonly publicKey: Uint8Array;
  readonly publicKeyPem: string;
  readonly #base64: string;
  readonly #signer: TimeSigner;

  private constructor(key: PrivateKey) {
    this.publicKeyPem = key.publicKey.pem;
    this.publicKey = new TextEncoder().encode(key.publicKey.pem);
    this.#base64 = this.publicKey.toBase64();
    this.#signer = new TimeSigner(key);
  }

  static async generate(curve: Curve): Promise<LoadIdentity> {
    return new LoadIdentity(await PrivateKey.generate(curve));
  }

  /** Signs one call more: no two calls have the same signature. */
  async sign(): Promise<CallCredentials> {
    const { timestamp, signature } = await this.#signer.sign();
    const lines = `${PUBLIC_KEY_HEADER}: ${this.#base64}\r\n` +
      `${TIMESTAMP_HEADER}: ${timestamp}\r\n${SIGNATURE_HEADER}: ${signature.toBase64()}\r\n`;
    const metadata = {
      [PUBLIC_KEY_HEADER]: this.publicKey,
      [TIMESTAMP_HEADER]: timestamp,
      [SIGNATURE_HEADER]: signature,
    };
    return { lines, metadata };
  }

  /** Signs calls ahead. Their signatures are accepted for five minutes. */
  async signAhead(calls: number): Promise<CallCredentials[]> {
    return await Promise.all(Array.from({ length: calls }, () => this.sign()));
  }
}
