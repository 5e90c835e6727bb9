import { derFromRawSignature, rawFromDerSignature } from "../../../auth/ecdsa_signature.ts";
import type { PrivateKey } from "../../../auth/private_key.ts";
import { sessionOf } from "../../../rpc/dialects/current/client/node_credentials.ts";
import {
  PUBLIC_KEY_HEADER,
  SESSION_HEADER,
  SIGNATURE_HEADER,
  TIMESTAMP_HEADER,
} from "../../../rpc/dialects/current/headers.ts";

/** Headers to send: bytes with "-bin" over gRPC and base64 over HTTP. A name can occur twice. */
export type RawHeaders = readonly (readonly [name: string, value: string | Uint8Array])[];

/** Credentials of a node. */
export interface Shown {
  readonly publicKey: Uint8Array;
  readonly timestamp: string;
  readonly signature: Uint8Array;
  /** Identifies one of several programs with the same key. Flower's own programs send none. */
  readonly session?: string;
}

/** The order of the curve P-384 (FIPS 186-4, D.1.2.4). */
const P384_ORDER = BigInt(
  "0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
);

let made = 0;

/** A unique time, so that no signature repeats. @param seconds offset from now, negative for the past */
function freshTime(seconds = 0): string {
  const at = new Date(Date.now() + seconds * 1000).toISOString().slice(0, -1);
  return `${at}${String(made++ % 1000).padStart(3, "0")}+00:00`;
}

/** Valid credentials of one call, unless `at` is too far off. @param at offset of the time from now, in seconds */
export async function shown(key: PrivateKey, at = 0): Promise<Shown> {
  const timestamp = freshTime(at);
  const signature = await key.sign(new TextEncoder().encode(timestamp));
  return { publicKey: pemBytes(key), timestamp, signature, session: sessionOf(key) };
}

/** Value of a key's header. */
export function pemBytes({ publicKey }: PrivateKey): Uint8Array {
  return new TextEncoder().encode(publicKey.pem);
}

/** Converts credentials to headers. */
export function headersOf({ publicKey, timestamp, signature, session }: Shown): RawHeaders {
  return [
    [PUBLIC_KEY_HEADER, publicKey],
    [TIMESTAMP_HEADER, timestamp],
    [SIGNATURE_HEADER, signature],
    ...(session === undefined ? [] : [[SESSION_HEADER, session] as const]),
  ];
}

/** The other valid form of a P-384 signature: r ‖ n − s. */
export function malleated(signature: Uint8Array): Uint8Array {
  const raw = rawFromDerSignature(signature, "P-384")!;
  const half = raw.length / 2;
  const s = BigInt(`0x${raw.subarray(half).toHex()}`);
  const other = (P384_ORDER - s).toString(16).padStart(2 * half, "0");
  return derFromRawSignature(
    Uint8Array.from([...raw.subarray(0, half), ...Uint8Array.fromHex(other)]),
  );
}
