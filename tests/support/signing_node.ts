import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";

/** A key of its own with which a test signs the calls of a node, right or wrong. */
export class SigningNode {
  readonly #privateKey: KeyObject;
  /** As requests carry it: PEM text as bytes. */
  readonly publicKey: Uint8Array;

  constructor(namedCurve = "P-256") {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve });
    this.#privateKey = privateKey;
    this.publicKey = new TextEncoder().encode(
      publicKey.export({ type: "spki", format: "pem" }).toString(),
    );
  }

  /** What a call carries, as bytes. @param signed what is signed in the timestamp's place */
  credentials(timestamp: string, signed: string = timestamp) {
    const signature = sign("sha256", new TextEncoder().encode(signed), this.#privateKey);
    return { publicKey: this.publicKey, timestamp, signature: new Uint8Array(signature) };
  }

  /** The headers of an HTTP call. */
  headers(timestamp: string, signed?: string): Record<string, string> {
    const { publicKey, signature } = this.credentials(timestamp, signed);
    return {
      "flwr-public-key": publicKey.toBase64(),
      "flwr-timestamp": timestamp,
      "flwr-signature": signature.toBase64(),
    };
  }
}

/** A Unix time in seconds as Python writes it. */
export function pythonTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace("Z", "000+00:00");
}
