import { readPem, writePem } from "../auth/pem.ts";
import { FlwrError } from "../base/error.ts";

/** The curve of Flower's SecAgg+ keys: secp384r1. */
const CURVE = { name: "ECDH", namedCurve: "P-384" } as const;
const SECRET_BITS = 384;
const SHARED_KEY_BYTES = 32;
const PUBLIC = "PUBLIC KEY";
const PRIVATE = "PRIVATE KEY";

/** A key pair as it travels: PEM texts in ASCII, each with a final newline. */
export interface PemKeyPair {
  /** SubjectPublicKeyInfo, 215 bytes. */
  readonly publicKey: Uint8Array;
  /** PKCS#8, unencrypted, 306 bytes. Never log it. */
  readonly privateKey: Uint8Array;
}

/** Makes a key pair on P-384. */
export async function generatePemKeyPair(): Promise<PemKeyPair> {
  const { publicKey, privateKey } = await crypto.subtle.generateKey(CURVE, true, ["deriveBits"]);
  const [spki, pkcs8] = await Promise.all([
    crypto.subtle.exportKey("spki", publicKey),
    crypto.subtle.exportKey("pkcs8", privateKey),
  ]);
  return { publicKey: pem(PUBLIC, spki), privateKey: pem(PRIVATE, pkcs8) };
}

/** The private half of key agreements with several peers: its PEM is parsed once. */
export class KeyAgreement {
  readonly #privateKey: CryptoKey;

  private constructor(privateKey: CryptoKey) {
    this.#privateKey = privateKey;
  }

  /** @throws FlwrError "invalid-argument" when the text is not a private key on P-384 */
  static async of(privateKey: Uint8Array): Promise<KeyAgreement> {
    try {
      const bytes = pemBytes(PRIVATE, privateKey);
      const key = await crypto.subtle.importKey("pkcs8", bytes, CURVE, true, ["deriveBits"]);
      return new KeyAgreement(key);
    } catch {
      throw new FlwrError("invalid-argument", "A private key is not a P-384 key in PEM");
    }
  }

  /**
   * The key that is shared with a peer: ECDH, then HKDF-SHA-256 without salt and info. Both ends get the same.
   *
   * @param publicKey the peer's, in PEM
   * @returns 32 bytes as URL-safe base64 with padding: 44 bytes of ASCII, which are the key in Flower
   * @throws FlwrError "invalid-argument" when it is not a public key on P-384
   */
  async sharedKey(publicKey: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    const peer = await importPublicKey(publicKey);
    const secret = await crypto.subtle.deriveBits(
      { name: "ECDH", public: peer },
      this.#privateKey,
      SECRET_BITS,
    );
    const material = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
    const nothing = new Uint8Array();
    const key = await crypto.subtle.deriveBits(
      { name: "HKDF", hash: "SHA-256", salt: nothing, info: nothing },
      material,
      8 * SHARED_KEY_BYTES,
    );
    return new TextEncoder().encode(new Uint8Array(key).toBase64({ alphabet: "base64url" }));
  }

  /** Whether a public key, in PEM, belongs to this private key. */
  async hasPublicKey(publicKey: Uint8Array): Promise<boolean> {
    const [own, other] = await Promise.all([
      crypto.subtle.exportKey("jwk", this.#privateKey),
      importPublicKey(publicKey).then((key) => crypto.subtle.exportKey("jwk", key)),
    ]);
    return own.x === other.x && own.y === other.y;
  }
}

/** Whether a text is a public key on P-384, in PEM. */
export async function isPublicKey(publicKey: Uint8Array): Promise<boolean> {
  return await importPublicKey(publicKey).then(() => true, () => false);
}

async function importPublicKey(publicKey: Uint8Array): Promise<CryptoKey> {
  try {
    const bytes = pemBytes(PUBLIC, publicKey);
    return await crypto.subtle.importKey("spki", bytes, CURVE, true, []);
  } catch {
    throw new FlwrError("invalid-argument", "A public key is not a P-384 key in PEM");
  }
}

function pem(label: string, der: ArrayBuffer): Uint8Array {
  return new TextEncoder().encode(writePem(label, new Uint8Array(der)));
}

/** @throws Error when the text is not one block with this label */
function pemBytes(label: string, text: Uint8Array): Uint8Array<ArrayBuffer> {
  const blocks = readPem(new TextDecoder().decode(text));
  const [block] = blocks;
  if (blocks.length !== 1 || block?.label !== label || block.bytes === undefined) {
    throw new Error(`not one block "${label}"`);
  }
  return block.bytes;
}
