import { FlwrError } from "../base/error.ts";
import { joinBytes, sameBytes } from "../base/bytes.ts";
import { sha256Hex } from "../base/platform.ts";
import { asBytes, type Bytes, toFixedLength } from "./bytes.ts";
import { type Curve, curveFacts, isScalar } from "./curve.ts";
import { derFromRawSignature } from "./ecdsa_signature.ts";
import type { OpenSsl, SigningKey } from "./openssl.ts";
import { encodePkcs8 } from "./pkcs8.ts";
import { importPublicKey, pointOf, type PublicKey, publicKeyFromPoint } from "./public_key.ts";
import { systemOpenSsl } from "./system_openssl.ts";

/**
 * Signatures of a key that WebCrypto makes before OpenSSL takes over. Opening OpenSSL takes 5 ms, as much as it saves in
 * about 14 P-384 signatures, and most processes make fewer.
 */
const WEB_CRYPTO_SIGNATURES = 16;

/**
 * Elliptic-curve private key with its public key.
 *
 * The scalar stays private: printing, inspecting and JSON show only the fingerprint of the public key.
 */
export class PrivateKey {
  readonly publicKey: PublicKey;
  readonly #scalar: Bytes;
  readonly #agreement: CryptoKey;
  readonly #signing: CryptoKey;
  /** The key for OpenSSL. An object of its own, so that nobody else can encode the scalar. */
  readonly #forOpenSsl: SigningKey;
  #signatures = 0;

  private constructor(key: PublicKey, scalar: Bytes, agreement: CryptoKey, signing: CryptoKey) {
    this.publicKey = key;
    this.#scalar = scalar;
    this.#agreement = agreement;
    this.#signing = signing;
    this.#forOpenSsl = { encode: () => encodePkcs8(curveFacts(key.curve), scalar) };
  }

  /** Generates a key with the platform's random generator. */
  static async generate(curve: Curve): Promise<PrivateKey> {
    const algorithm = { name: "ECDSA", namedCurve: curve };
    const pair = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
    const { d = "" } = await crypto.subtle.exportKey("jwk", pair.privateKey);
    return await PrivateKey.fromScalar(curve, fromBase64Url(d), "just generated");
  }

  /**
   * Creates the key of a private scalar.
   *
   * @param scalar big-endian, of any length
   * @param where text after "Private key" in errors, such as `in "keys/a"`
   * @param point the public point in the same file, if any, uncompressed or compressed; it must belong to the scalar
   * @throws FlwrError invalid-argument if the scalar is out of range or the point does not belong to it
   */
  static async fromScalar(
    curve: Curve,
    scalar: Uint8Array,
    where: string,
    point?: Uint8Array,
  ): Promise<PrivateKey> {
    const facts = curveFacts(curve);
    const fixed = toFixedLength(scalar, facts.fieldBytes);
    if (fixed === undefined || !isScalar(facts, fixed)) {
      throw damaged(where, `its scalar is out of the range of ${curve}`);
    }
    const pkcs8 = encodePkcs8(facts, fixed);
    const own = await pointOfScalar(curve, pkcs8);
    if (point !== undefined && !sameBytes(point, own) && !sameBytes(point, compressPoint(own))) {
      throw damaged(where, "its private and its public part do not belong together");
    }
    const [publicKey, agreement, signing] = await Promise.all([
      publicKeyFromPoint(curve, own, where),
      importPkcs8(pkcs8, "ECDH", curve, "deriveBits"),
      importPkcs8(pkcs8, "ECDSA", curve, "sign"),
    ]);
    return new PrivateKey(publicKey, fixed, agreement, signing);
  }

  /** Returns the private scalar, big-endian, as long as a coordinate. For writing key files only. */
  revealScalar(): Bytes {
    return this.#scalar.slice();
  }

  /**
   * Derives the Diffie-Hellman secret shared with a peer: the x coordinate, as long as the field.
   *
   * @throws FlwrError failed-precondition if the peer's key is on another curve
   */
  async agree(peer: PublicKey): Promise<Bytes> {
    const { curve, fingerprint } = this.publicKey;
    if (peer.curve !== curve) {
      throw new FlwrError(
        "failed-precondition",
        `Key ${peer.fingerprint} is on ${peer.curve} and cannot be used with key ${fingerprint}: it is on ${curve}`,
        { hints: ["Use keys on the same curve for the SuperLink and all SuperNodes"] },
      );
    }
    const algorithm = { name: "ECDH", public: await importPublicKey(peer, "ECDH") };
    const bits = curveFacts(curve).fieldBytes * 8;
    return new Uint8Array(await crypto.subtle.deriveBits(algorithm, this.#agreement, bits));
  }

  /**
   * Signs the SHA-256 of bytes with ECDSA. The signature is in DER, as on Flower's current wire. The first
   * {@link WEB_CRYPTO_SIGNATURES} are made by WebCrypto, the others by the system's OpenSSL where there is one. Both work
   * on other threads.
   *
   * @param openssl default: as said; a promise of undefined: WebCrypto
   */
  async sign(bytes: Uint8Array, openssl?: Promise<OpenSsl | undefined>): Promise<Bytes> {
    const isLasting = ++this.#signatures > WEB_CRYPTO_SIGNATURES;
    const library = await (openssl ?? (isLasting ? systemOpenSsl() : undefined));
    if (library !== undefined) {
      const digest = Uint8Array.fromHex(sha256Hex(bytes));
      const signature = await library.sign(this.#forOpenSsl, digest);
      if (signature !== undefined) return signature;
    }
    const algorithm = { name: "ECDSA", hash: "SHA-256" };
    const raw = await crypto.subtle.sign(algorithm, this.#signing, asBytes(bytes));
    return derFromRawSignature(new Uint8Array(raw));
  }

  toString(): string {
    return `PrivateKey(${this.publicKey.fingerprint})`;
  }

  toJSON(): string {
    return this.toString();
  }

  [Symbol.for("Deno.customInspect")](): string {
    return this.toString();
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }
}

/** The public point of a private key. WebCrypto computes it when it exports the key as JWK. */
async function pointOfScalar(curve: Curve, pkcs8: Bytes): Promise<Bytes> {
  const algorithm = { name: "ECDH", namedCurve: curve };
  const key = await crypto.subtle.importKey("pkcs8", pkcs8, algorithm, true, ["deriveBits"]);
  const { x = "", y = "" } = await crypto.subtle.exportKey("jwk", key);
  return joinBytes([new Uint8Array([4]), fromBase64Url(x), fromBase64Url(y)]);
}

/** Compresses a point: the parity of y, and x (SEC 1, section 2.3.3). */
function compressPoint(point: Uint8Array): Bytes {
  const fieldBytes = (point.length - 1) / 2;
  return joinBytes([Uint8Array.of(2 + (point.at(-1)! & 1)), point.subarray(1, 1 + fieldBytes)]);
}

function importPkcs8(pkcs8: Bytes, name: string, curve: Curve, use: KeyUsage): Promise<CryptoKey> {
  return crypto.subtle.importKey("pkcs8", pkcs8, { name, namedCurve: curve }, false, [use]);
}

function fromBase64Url(text: string): Bytes {
  return Uint8Array.fromBase64(text, { alphabet: "base64url" });
}

function damaged(where: string, what: string): FlwrError {
  return new FlwrError("invalid-argument", `Private key ${where} is damaged: ${what}`);
}

/** Whether a private and a public key form a pair. */
export function belongTogether(privateKey: PrivateKey, publicKey: PublicKey): boolean {
  return privateKey.publicKey.curve === publicKey.curve &&
    sameBytes(pointOf(privateKey.publicKey), pointOf(publicKey));
}
