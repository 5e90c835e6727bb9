/**
 * The platform functions that rooms without access to the operating system need, in one file: for a node in a browser,
 * another file with the same exports replaces it. `tests/architecture/platform_test.ts` checks that these rooms use
 * nothing else of Node or Deno. They use web APIs, such as `crypto`, timers and `TextEncoder`, directly.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  type KeyObject,
  timingSafeEqual,
} from "node:crypto";
import { setImmediate } from "node:timers";
import { crc32 as zlibCrc32, inflateRawSync, inflateSync } from "node:zlib";
import { joinBytes } from "./bytes.ts";

/**
 * The SHA-256 of bytes, or of a text in UTF-8, in lower-case hexadecimal. It blocks the thread: use {@link sha256} for
 * more than a few hundred kilobytes.
 */
export function sha256Hex(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The SHA-256 of bytes, computed in another thread. The bytes are copied at once, so the caller may change them. */
export async function sha256(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
}

/** Computes the SHA-256 of bytes that arrive in pieces. */
export class Sha256 {
  readonly #hash = createHash("sha256");

  /** Adds a piece. */
  update(bytes: Uint8Array): this {
    this.#hash.update(bytes);
    return this;
  }

  /** The hash of all pieces, in lower-case hexadecimal. No piece can be added afterwards. */
  hex(): string {
    return this.#hash.digest("hex");
  }
}

/** HMAC-SHA-256 of bytes in pieces: 32 bytes (RFC 2104). */
export function hmacSha256(key: Uint8Array, pieces: Iterable<Uint8Array>): Uint8Array<ArrayBuffer> {
  const hmac = createHmac("sha256", key);
  for (const piece of pieces) hmac.update(piece);
  return new Uint8Array(hmac.digest());
}

/** The keystream of AES-256 in counter mode, with a counter from 0 (NIST SP 800-38A). */
export class AesKeystream {
  readonly #cipher;

  /** @param key 32 bytes, for one keystream only */
  constructor(key: Uint8Array) {
    this.#cipher = createCipheriv("aes-256-ctr", key, new Uint8Array(16));
  }

  /** The next bytes. */
  next(length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#cipher.update(new Uint8Array(length)));
  }
}

/**
 * A private key on the curve P-384 (secp384r1), for several key agreements. WebCrypto's ECDH needs three times as long in
 * Deno 2.9, and takes public keys that do not lie on the curve until they are used.
 */
export class P384PrivateKey {
  readonly #key: KeyObject;

  /** @param pkcs8 the key in DER @throws Error when it is malformed, or on another curve */
  constructor(pkcs8: Uint8Array) {
    this.#key = createPrivateKey(
      { key: pkcs8, format: "der", type: "pkcs8" } as Parameters<typeof createPrivateKey>[0],
    );
    checkCurve(this.#key);
  }

  /**
   * The secret that is shared with a peer: 48 bytes.
   *
   * @param spki the peer's public key in DER
   * @returns rejects when it is malformed, or not a point of the curve
   */
  async agree(spki: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    const publicKey = await p384PublicKey(spki);
    return new Uint8Array(diffieHellman({ privateKey: this.#key, publicKey }));
  }
}

/** Whether bytes are a public key on P-384, as SubjectPublicKeyInfo in DER. The point is checked. */
export async function isP384PublicKey(spki: Uint8Array): Promise<boolean> {
  return await p384PublicKey(spki).then(() => true, () => false);
}

/** Returns a promise for the sake of platforms whose cryptography is asynchronous. */
function p384PublicKey(spki: Uint8Array): Promise<KeyObject> {
  return new Promise((resolve) => {
    const key = createPublicKey(
      { key: spki, format: "der", type: "spki" } as Parameters<typeof createPublicKey>[0],
    );
    checkCurve(key);
    resolve(key);
  });
}

function checkCurve({ asymmetricKeyDetails }: KeyObject): void {
  const curve = asymmetricKeyDetails?.namedCurve;
  if (curve !== "secp384r1" && curve !== "P-384") throw new Error(`Another curve: ${curve}`);
}

/**
 * Bytes derived from a secret by HKDF with SHA-256 (RFC 5869), without salt and info. This and the next functions take a
 * twentieth of WebCrypto's time for short inputs. They return promises because other platforms need WebCrypto.
 */
export async function hkdfSha256(
  secret: Uint8Array,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const nothing = new Uint8Array();
  return await Promise.resolve(
    new Uint8Array(hkdfSync("sha256", secret, nothing, nothing, length)),
  );
}

/** Encrypts with AES-128-CBC and PKCS#7 padding. @param key 16 bytes @param iv 16 bytes */
export async function encryptAesCbc(
  key: Uint8Array,
  iv: Uint8Array,
  plaintext: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const cipher = createCipheriv("aes-128-cbc", key, iv);
  return await Promise.resolve(joinBytes([cipher.update(plaintext), cipher.final()]));
}

/** Decrypts what {@link encryptAesCbc} encrypted. @returns rejects when the padding is wrong */
export async function decryptAesCbc(
  key: Uint8Array,
  iv: Uint8Array,
  ciphertext: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const cipher = createDecipheriv("aes-128-cbc", key, iv);
  return await Promise.resolve(joinBytes([cipher.update(ciphertext), cipher.final()]));
}

/** Whether two arrays contain the same bytes, in a time that does not depend on where they differ. */
export function sameSecretBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/**
 * The CRC-32 of bytes, as in zip and PNG files.
 *
 * @param before the CRC-32 of the preceding bytes (default: there are none)
 */
export function crc32(bytes: Uint8Array, before = 0): number {
  return zlibCrc32(bytes, before);
}

/**
 * Decompresses deflated bytes (RFC 1951).
 *
 * @param most largest accepted size of the result, in bytes
 * @throws Error when the bytes are damaged or the result is larger
 */
export function inflateRaw(bytes: Uint8Array, most: number): Uint8Array {
  return asArray(inflateRawSync(bytes, maxOutput(most)));
}

/** Like {@link inflateRaw}, for bytes with zlib's header and checksum (RFC 1950). */
export function inflateZlib(bytes: Uint8Array, most: number): Uint8Array {
  return asArray(inflateSync(bytes, maxOutput(most)));
}

/** A limit of 0 would mean no limit. */
function maxOutput(most: number): { maxOutputLength: number } {
  return { maxOutputLength: Math.max(most, 1) };
}

/** A plain array, because a Buffer's `slice` does not copy. */
function asArray({ buffer, byteOffset, length }: Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length);
}

/** Calls back after everything else that is ready in the event loop has run. */
export function afterOthers(callback: () => void): void {
  setImmediate(callback);
}

/**
 * A value that a piece of work can read, as can everything that it starts or awaits. Other work in the same thread has
 * its own value. JavaScript's proposal for this is `AsyncContext.Variable`. On platforms without it, a thread that runs
 * a single app can keep the last value.
 */
export class AsyncVariable<T> {
  readonly #storage = new AsyncLocalStorage<T>();

  /** The value of the innermost enclosing {@link run}; undefined if there is none. */
  get(): T | undefined {
    return this.#storage.getStore();
  }

  /** Runs work with a value. @returns the work's result */
  run<Result>(value: T, work: () => Result): Result {
    return this.#storage.run(value, work);
  }
}
