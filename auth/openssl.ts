import type { Bytes } from "./bytes.ts";
import { curveFacts } from "./curve.ts";
import type { PublicKey } from "./public_key.ts";

/** OpenSSL 3: this name promises its binary interface. Debian since 12, Ubuntu since 22.04, and RHEL since 9 have it. */
const LIBRARY = "libcrypto.so.3";

/** EVP_PKEY_verify(3) and what it needs. Only the verification itself takes long, so it runs on another thread. */
const SYMBOLS = {
  d2i_PUBKEY: { parameters: ["pointer", "buffer", "i64"], result: "pointer" },
  EVP_PKEY_free: { parameters: ["pointer"], result: "void" },
  EVP_PKEY_CTX_new: { parameters: ["pointer", "pointer"], result: "pointer" },
  EVP_PKEY_CTX_free: { parameters: ["pointer"], result: "void" },
  EVP_PKEY_verify_init: { parameters: ["pointer"], result: "i32" },
  EVP_PKEY_verify: {
    parameters: ["pointer", "buffer", "usize", "buffer", "usize"],
    result: "i32",
    nonblocking: true,
  },
} as const;

/** A known answer: P-256 with SHA-256 of "sample" (RFC 6979, section A.2.5). */
const KNOWN = {
  point: "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6" +
    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
  digest: "af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf",
  signature: "3046022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716" +
    "022100f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
} as const;

/**
 * The system's OpenSSL, which verifies a signature in a third (P-384) to a seventh (P-256) of the processor time that
 * WebCrypto of Deno 2.9.3 takes.
 */
export interface OpenSsl {
  /**
   * Verifies an ECDSA signature.
   *
   * @param digest hash of what was signed
   * @param signature in DER
   * @returns undefined if OpenSSL does not decide: the caller must verify in another way
   */
  verify(key: PublicKey, digest: Bytes, signature: Bytes): Promise<boolean | undefined>;
}

type Symbols = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

/**
 * Opens the system's OpenSSL, if it is there, may be opened, and gives known answers. It stays open until the process
 * ends. Never asks for a permission.
 */
export async function openSsl(): Promise<OpenSsl | undefined> {
  if (Deno.build.os !== "linux") return undefined;
  const permission = { name: "ffi", path: LIBRARY } as const;
  if (Deno.permissions.querySync(permission).state !== "granted") return undefined;
  try {
    const library = new Library(Deno.dlopen(LIBRARY, SYMBOLS).symbols);
    return await givesKnownAnswers(library) ? library : undefined;
  } catch {
    return undefined;
  }
}

async function givesKnownAnswers(library: Library): Promise<boolean> {
  const [digest, signature] = [KNOWN.digest, KNOWN.signature].map(Uint8Array.fromHex);
  const spki = Uint8Array.fromHex(curveFacts("P-256").spkiHead + KNOWN.point);
  const key = { spki } as PublicKey;
  const other = Uint8Array.from(digest!, (byte) => byte ^ 1);
  return await library.verify(key, digest!, signature!) === true &&
    await library.verify(key, other, signature!) === false;
}

class Library implements OpenSsl {
  readonly #symbols: Symbols;
  /** Keys of OpenSSL. Each lives as long as its PublicKey object. */
  readonly #keys = new WeakMap<PublicKey, Deno.PointerObject>();
  readonly #freed: FinalizationRegistry<Deno.PointerObject>;
  /** What verifications in progress read, so that it is not collected meanwhile. */
  readonly #inUse = new Set<readonly unknown[]>();

  constructor(symbols: Symbols) {
    this.#symbols = symbols;
    this.#freed = new FinalizationRegistry((key) => symbols.EVP_PKEY_free(key));
  }

  async verify(key: PublicKey, digest: Bytes, signature: Bytes): Promise<boolean | undefined> {
    const { EVP_PKEY_CTX_new, EVP_PKEY_CTX_free, EVP_PKEY_verify_init, EVP_PKEY_verify } =
      this.#symbols;
    const pointer = this.#keyOf(key);
    const context = pointer === null ? null : EVP_PKEY_CTX_new(pointer, null);
    if (context === null) return undefined;
    const inUse = [key, digest, signature];
    this.#inUse.add(inUse);
    try {
      if (EVP_PKEY_verify_init(context) !== 1) return undefined;
      const [digestBytes, signatureBytes] = [digest, signature].map(({ length }) => BigInt(length));
      const verdict = await EVP_PKEY_verify(
        context,
        signature,
        signatureBytes!,
        digest,
        digestBytes!,
      );
      // Negative: it could not tell.
      return verdict === 1 ? true : verdict === 0 ? false : undefined;
    } finally {
      this.#inUse.delete(inUse);
      EVP_PKEY_CTX_free(context);
    }
  }

  #keyOf(key: PublicKey): Deno.PointerValue {
    const known = this.#keys.get(key);
    if (known !== undefined) return known;
    // OpenSSL moves the pointer that it is given, not the bytes.
    const start = new BigUint64Array([
      Deno.UnsafePointer.value(Deno.UnsafePointer.of(key.spki)),
    ]);
    const length = BigInt(key.spki.length);
    const made = this.#symbols.d2i_PUBKEY(null, new Uint8Array(start.buffer), length);
    if (made === null) return null;
    this.#keys.set(key, made);
    this.#freed.register(key, made);
    return made;
  }
}
