import { decodeBase64 } from "../auth/pem.ts";
import { joinBytes } from "../base/bytes.ts";
import { FlwrError } from "../base/error.ts";
import { decryptAesCbc, encryptAesCbc, hmacSha256, sameSecretBytes } from "../base/platform.ts";

/** The only version of the format. */
const VERSION = 0x80;
/** Version, time and initialisation vector. */
const HEAD_BYTES = 1 + 8 + 16;
const MAC_BYTES = 32;
const BLOCK_BYTES = 16;
const KEY_BYTES = 32;

/** Seams of {@link encryptFernet}. */
export interface FernetOptions {
  /** 16 random bytes. */
  readonly iv?: Uint8Array;
  /** Unix time in seconds. It is readable in the token. Default: 0, because the receiver does not need it. */
  readonly time?: number;
}

/**
 * Encrypts bytes as the Python package `cryptography` does with `Fernet`: AES-128-CBC, then HMAC-SHA-256.
 *
 * @param key 32 bytes as URL-safe base64, in ASCII
 * @returns the token: URL-safe base64, in ASCII
 * @throws FlwrError "invalid-argument" for a malformed key
 */
export async function encryptFernet(
  key: Uint8Array,
  plaintext: Uint8Array,
  { iv = crypto.getRandomValues(new Uint8Array(BLOCK_BYTES)), time = 0 }: FernetOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const keys = splitKey(key);
  const head = new Uint8Array(HEAD_BYTES);
  head[0] = VERSION;
  new DataView(head.buffer).setBigUint64(1, BigInt(time));
  head.set(iv, 9);
  const signed = joinBytes([head, await encryptAesCbc(keys.cipher, iv, plaintext)]);
  const token = joinBytes([signed, hmacSha256(keys.mac, [signed])]);
  return new TextEncoder().encode(token.toBase64({ alphabet: "base64url" }));
}

/**
 * Decrypts a token of {@link encryptFernet}, of any age.
 *
 * @throws FlwrError "invalid-argument" when it was not encrypted with this key, or was changed
 */
export async function decryptFernet(
  key: Uint8Array,
  token: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const keys = splitKey(key);
  const bytes = decodeBase64(ascii(token), "base64url");
  const blocks = (bytes?.length ?? 0) - HEAD_BYTES - MAC_BYTES;
  if (bytes === undefined || bytes[0] !== VERSION || blocks <= 0 || blocks % BLOCK_BYTES !== 0) {
    throw refused();
  }
  const signed = bytes.subarray(0, -MAC_BYTES);
  const mac = hmacSha256(keys.mac, [signed]);
  if (!sameSecretBytes(mac, bytes.subarray(-MAC_BYTES))) throw refused();
  const iv = signed.subarray(9, HEAD_BYTES);
  try {
    return await decryptAesCbc(keys.cipher, iv, signed.subarray(HEAD_BYTES));
  } catch {
    throw refused();
  }
}

function splitKey(key: Uint8Array): { mac: Uint8Array; cipher: Uint8Array } {
  const bytes = decodeBase64(ascii(key), "base64url");
  if (bytes?.length !== KEY_BYTES) {
    throw new FlwrError("invalid-argument", "A Fernet key is 32 bytes in URL-safe base64");
  }
  return { mac: bytes.subarray(0, 16), cipher: bytes.subarray(16) };
}

function ascii(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}

function refused(): FlwrError {
  return new FlwrError(
    "invalid-argument",
    "An encrypted share was changed on its way, or was encrypted with another key",
  );
}
