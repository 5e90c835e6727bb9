import { FlwrError } from "../base/error.ts";
import { decodeBase64 } from "./pem.ts";
import { parsePublicKey } from "./parse_public_key.ts";
import type { PublicKey } from "./public_key.ts";

/** Longest accepted request header with a public key, in characters. A P-521 key needs 360. */
export const MAX_PUBLIC_KEY_HEADER = 1024;

/** Names of the metadata that authenticate a call of the Fleet API up to Flower 1.14. */
export const PUBLIC_KEY_HEADER = "public-key";
export const AUTH_TOKEN_HEADER = "auth-token";

/** Size of an HMAC-SHA256, in bytes. */
const TOKEN_BYTES = 32;
/** Length of its base64 with padding, in characters. */
const TOKEN_CHARACTERS = 44;

/** Encodes the value of "public-key": padded base64url of the PEM text. */
export function encodePublicKeyHeader(key: PublicKey): string {
  return new TextEncoder().encode(key.pem).toBase64({ alphabet: "base64url" });
}

/**
 * Decodes the PEM text in a "public-key" value, for a look-up in a KeyList; undefined if the value is invalid.
 *
 * Characters outside the base64 alphabet are refused. Python ignores them, but no Flower process sends any.
 */
export function decodePublicKeyHeader(value: string): string | undefined {
  if (value.length > MAX_PUBLIC_KEY_HEADER || /\s/.test(value)) return undefined;
  const bytes = decodeBase64(value, "base64url");
  return bytes && new TextDecoder().decode(bytes);
}

/**
 * Decodes the key in a "public-key" value that a SuperLink sends in the initial metadata of CreateNode.
 *
 * @throws FlwrError unauthenticated if the value is not a valid key
 */
export async function readPublicKeyHeader(value: string): Promise<PublicKey> {
  const pem = decodePublicKeyHeader(value);
  try {
    return await parsePublicKey(pem ?? "", `in metadata "${PUBLIC_KEY_HEADER}"`);
  } catch (cause) {
    const { message } = FlwrError.from(cause);
    throw new FlwrError("unauthenticated", message, { cause });
  }
}

/** Encodes the value of "auth-token": padded base64url of the 32 bytes. */
export function encodeTokenHeader(token: Uint8Array): string {
  return token.toBase64({ alphabet: "base64url" });
}

/** Decodes the 32 bytes in an "auth-token" value; undefined if the value is invalid. */
export function decodeTokenHeader(value: string): Uint8Array | undefined {
  if (value.length !== TOKEN_CHARACTERS) return undefined;
  const bytes = decodeBase64(value, "base64url");
  return bytes?.length === TOKEN_BYTES ? bytes : undefined;
}
