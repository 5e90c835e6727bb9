import { FlwrError } from "../../base/error.ts";
import { joinBytes } from "../../base/bytes.ts";

/** Bytes of a public key, of a private key, and of a shared secret. */
export const X25519_BYTES = 32;

/** The bytes of PKCS#8 in front of an X25519 private key (RFC 8410). */
const PKCS8_HEAD = Uint8Array.fromHex("302e020100300506032b656e04220420");
const AGREEMENT = { name: "X25519" } as const;

/** A key pair on Curve25519. */
export interface X25519KeyPair {
  /** 32 bytes (RFC 7748). */
  readonly publicKey: Uint8Array;
  /** 32 bytes. Never log it. */
  readonly privateKey: Uint8Array;
}

/** Makes a key pair. */
export async function generateX25519(): Promise<X25519KeyPair> {
  const pair = await crypto.subtle.generateKey(AGREEMENT, true, ["deriveBits"]) as CryptoKeyPair;
  const [publicKey, pkcs8] = await Promise.all([
    crypto.subtle.exportKey("raw", pair.publicKey),
    crypto.subtle.exportKey("pkcs8", pair.privateKey),
  ]);
  const privateKey = new Uint8Array(pkcs8).slice(PKCS8_HEAD.length);
  return { publicKey: new Uint8Array(publicKey), privateKey };
}

/** The private half of key agreements with several peers. */
export class X25519Agreement {
  readonly #key: CryptoKey;

  private constructor(key: CryptoKey) {
    this.#key = key;
  }

  /**
   * @param privateKey 32 bytes
   * @throws FlwrError "invalid-argument" for another length
   */
  static async of(privateKey: Uint8Array): Promise<X25519Agreement> {
    if (privateKey.length !== X25519_BYTES) throw notAKey("private", privateKey);
    const pkcs8 = joinBytes([PKCS8_HEAD, privateKey]);
    return new X25519Agreement(
      await crypto.subtle.importKey("pkcs8", pkcs8, AGREEMENT, false, ["deriveBits"]),
    );
  }

  /**
   * The secret that is shared with a peer. Derive keys from it; do not use it as a key.
   *
   * @param publicKey the peer's, 32 bytes
   * @throws FlwrError "invalid-argument" when it is not a public key: another length, or a point of small order, with
   *   which the secret would be known
   */
  async sharedSecret(publicKey: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    if (publicKey.length !== X25519_BYTES) throw notAKey("public", publicKey);
    const raw = publicKey as Uint8Array<ArrayBuffer>;
    try {
      const key = await crypto.subtle.importKey("raw", raw, AGREEMENT, false, []);
      const algorithm = { ...AGREEMENT, public: key };
      const secret = new Uint8Array(
        await crypto.subtle.deriveBits(algorithm, this.#key, 8 * X25519_BYTES),
      );
      if (secret.some((byte) => byte !== 0)) return secret;
    } catch (error) {
      if (!(error instanceof DOMException) && !(error instanceof TypeError)) throw error;
    }
    throw new FlwrError("invalid-argument", "A public key is not valid for X25519");
  }
}

/** Whether a public key belongs to a private key: both give the same secret with a fresh key. */
export async function isX25519Pair(
  { publicKey, privateKey }: X25519KeyPair,
): Promise<boolean> {
  const probe = await generateX25519();
  const [here, there] = await Promise.all([
    X25519Agreement.of(privateKey).then((own) => own.sharedSecret(probe.publicKey)),
    X25519Agreement.of(probe.privateKey).then((other) => other.sharedSecret(publicKey)),
  ]);
  return here.toHex() === there.toHex();
}

function notAKey(kind: string, bytes: Uint8Array): FlwrError {
  return new FlwrError(
    "invalid-argument",
    `A ${kind} key of X25519 has ${X25519_BYTES} bytes: got ${bytes.length}`,
  );
}
