/**
 * What the rooms without an operating system need of the platform, in one file: a node in a browser brings another file
 * with the same exports. `tests/architecture/platform_test.ts` finds everything else that ties these rooms to Node or
 * Deno. What the web has, too, such as `crypto`, timers and `TextEncoder`, they use directly.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  type KeyObject,
} from "node:crypto";
import { setImmediate } from "node:timers";
import { crc32 as zlibCrc32, inflateRawSync, inflateSync } from "node:zlib";

/** The SHA-256 of bytes, or of a text in UTF-8, in lower-case hexadecimal. It blocks the thread: use {@link sha256} for more than some hundred kilobytes. */
export function sha256Hex(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The SHA-256 of bytes, computed in another thread. The bytes are copied at once: the caller may change them. */
export async function sha256(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
}

/** The SHA-256 of bytes that come in pieces. */
export class Sha256 {
  readonly #hash = createHash("sha256");

  /** Adds a piece. */
  update(bytes: Uint8Array): this {
    this.#hash.update(bytes);
    return this;
  }

  /** The hash of all pieces, in lower-case hexadecimal; it takes no more of them. */
  hex(): string {
    return this.#hash.digest("hex");
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
 * The CRC-32 of bytes, as in zip and PNG files.
 *
 * @param before that of the bytes in front of them (default: there are none)
 */
export function crc32(bytes: Uint8Array, before = 0): number {
  return zlibCrc32(bytes, before);
}

/**
 * Decompresses what deflate (RFC 1951) compressed.
 *
 * @param most bytes of the result at most
 * @throws Error when it is damaged or longer
 */
export function inflateRaw(bytes: Uint8Array, most: number): Uint8Array {
  return asArray(inflateRawSync(bytes, maxOutput(most)));
}

/** As {@link inflateRaw}, with zlib's header and checksum around it (RFC 1950). */
export function inflateZlib(bytes: Uint8Array, most: number): Uint8Array {
  return asArray(inflateSync(bytes, maxOutput(most)));
}

/** A limit of 0 would mean none. */
function maxOutput(most: number): { maxOutputLength: number } {
  return { maxOutputLength: Math.max(most, 1) };
}

/** Not a Buffer, whose `slice` does not copy. */
function asArray({ buffer, byteOffset, length }: Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length);
}

/** Calls back when everything else that is ready has had its turn of the event loop. */
export function afterOthers(callback: () => void): void {
  setImmediate(callback);
}

/**
 * A value that a piece of work sees, and everything that the work starts or awaits. Other work in the same thread sees its
 * own value. JavaScript's proposal for this is `AsyncContext.Variable`; where a platform has nothing of the kind, a thread
 * that runs one app can keep the last value.
 */
export class AsyncVariable<T> {
  readonly #storage = new AsyncLocalStorage<T>();

  /** The value of the innermost {@link run} around the caller; undefined where there is none. */
  get(): T | undefined {
    return this.#storage.getStore();
  }

  /** Does work that sees a value. @returns what the work returns */
  run<Result>(value: T, work: () => Result): Result {
    return this.#storage.run(value, work);
  }
}
