import type { Bytes } from "./bytes.ts";
import { curveFacts } from "./curve.ts";
import { encodePkcs8 } from "./pkcs8.ts";
import type { PublicKey } from "./public_key.ts";

/** OpenSSL 3: this name promises its binary interface. Debian since 12, Ubuntu since 22.04, and RHEL since 9 have it. */
const LIBRARY = "libcrypto.so.3";

/** The longest signature in DER, in bytes: P-521 needs at most 139 (EVP_PKEY_sign(3) checks that it has room). */
const SIGNATURE_ROOM = 160;

/** EVP_PKEY_verify(3), EVP_PKEY_sign(3) and what they need. Only these two take long, so they run on another thread. */
const SYMBOLS = {
  d2i_PUBKEY: { parameters: ["pointer", "buffer", "i64"], result: "pointer" },
  d2i_AutoPrivateKey: { parameters: ["pointer", "buffer", "i64"], result: "pointer" },
  EVP_PKEY_free: { parameters: ["pointer"], result: "void" },
  EVP_PKEY_CTX_new: { parameters: ["pointer", "pointer"], result: "pointer" },
  EVP_PKEY_CTX_free: { parameters: ["pointer"], result: "void" },
  EVP_PKEY_verify_init: { parameters: ["pointer"], result: "i32" },
  EVP_PKEY_verify: {
    parameters: ["pointer", "buffer", "usize", "buffer", "usize"],
    result: "i32",
    nonblocking: true,
  },
  EVP_PKEY_sign_init: { parameters: ["pointer"], result: "i32" },
  EVP_PKEY_sign: {
    parameters: ["pointer", "buffer", "buffer", "buffer", "usize"],
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

/** A known key: the scalar 1, whose public point is the generator of P-256 (SEC 2, section 2.4.2). */
const UNIT = {
  scalar: "01".padStart(64, "0"),
  point: "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296" +
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
} as const;

/**
 * The system's OpenSSL, which verifies a signature in a third (P-384) to a seventh (P-256) of the processor time that
 * WebCrypto of Deno 2.9.3 takes, and signs in two thirds (P-384) to a tenth (P-256).
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
  /**
   * Makes an ECDSA signature. Each has a random nonce, so signing again gives another one.
   *
   * @param digest hash of what is signed
   * @returns the signature in DER; undefined if OpenSSL makes none: the caller must sign in another way
   */
  sign(key: SigningKey, digest: Bytes): Promise<Bytes | undefined>;
}

/** A private key that OpenSSL can take over. */
export interface SigningKey {
  /** Encodes the key as PKCS #8, in new bytes, which are overwritten after use. */
  encode(): Bytes;
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
  const facts = curveFacts("P-256");
  const keyOf = (point: string) =>
    ({ spki: Uint8Array.fromHex(facts.spkiHead + point) }) as PublicKey;
  const [key, unit] = [keyOf(KNOWN.point), keyOf(UNIT.point)];
  const other = Uint8Array.from(digest!, (byte) => byte ^ 1);
  const encode = () => encodePkcs8(facts, Uint8Array.fromHex(UNIT.scalar));
  const made = await library.sign({ encode }, digest!);
  return await library.verify(key, digest!, signature!) === true &&
    await library.verify(key, other, signature!) === false &&
    made !== undefined && await library.verify(unit, digest!, made) === true;
}

class Library implements OpenSsl {
  readonly #symbols: Symbols;
  /** Keys of OpenSSL. Each lives as long as its object here. OpenSSL overwrites the private ones when it frees them. */
  readonly #keys = new WeakMap<PublicKey | SigningKey, Deno.PointerObject>();
  readonly #freed: FinalizationRegistry<Deno.PointerObject>;
  /** What calls in progress read and write, so that it is not collected meanwhile. */
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

  async sign(key: SigningKey, digest: Bytes): Promise<Bytes | undefined> {
    const { EVP_PKEY_CTX_new, EVP_PKEY_CTX_free, EVP_PKEY_sign_init, EVP_PKEY_sign } =
      this.#symbols;
    const pointer = this.#privateKeyOf(key);
    const context = pointer === null ? null : EVP_PKEY_CTX_new(pointer, null);
    if (context === null) return undefined;
    const signature = new Uint8Array(SIGNATURE_ROOM);
    const length = BigUint64Array.of(BigInt(SIGNATURE_ROOM));
    const inUse = [key, digest, signature, length];
    this.#inUse.add(inUse);
    try {
      if (EVP_PKEY_sign_init(context) !== 1) return undefined;
      const done = await EVP_PKEY_sign(
        context,
        signature,
        new Uint8Array(length.buffer),
        digest,
        BigInt(digest.length),
      );
      return done === 1 ? signature.slice(0, Number(length[0])) : undefined;
    } finally {
      this.#inUse.delete(inUse);
      EVP_PKEY_CTX_free(context);
    }
  }

  #keyOf(key: PublicKey): Deno.PointerValue {
    return this.#keys.get(key) ?? this.#keep(key, key.spki, this.#symbols.d2i_PUBKEY);
  }

  #privateKeyOf(key: SigningKey): Deno.PointerValue {
    const known = this.#keys.get(key);
    if (known !== undefined) return known;
    const encoded = key.encode();
    try {
      return this.#keep(key, encoded, this.#symbols.d2i_AutoPrivateKey);
    } finally {
      // Here, because the bytes must also be alive until OpenSSL has read them.
      encoded.fill(0);
    }
  }

  /** Lets OpenSSL decode a key, and frees its key together with the object here. */
  #keep(
    key: PublicKey | SigningKey,
    encoded: Bytes,
    decode: Symbols["d2i_PUBKEY" | "d2i_AutoPrivateKey"],
  ): Deno.PointerValue {
    // OpenSSL moves the pointer that it is given, not the bytes.
    const start = BigUint64Array.of(Deno.UnsafePointer.value(Deno.UnsafePointer.of(encoded)));
    const made = decode(null, new Uint8Array(start.buffer), BigInt(encoded.length));
    if (made === null) return null;
    this.#keys.set(key, made);
    this.#freed.register(key, made);
    return made;
  }
}
