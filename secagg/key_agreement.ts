import { readPem, writePem } from "../auth/pem.ts";
import { joinBytes, sameBytes } from "../base/bytes.ts";
import { FlwrError } from "../base/error.ts";
import { hkdfSha256, isP384PublicKey, P384PrivateKey } from "../base/platform.ts";

/** The curve of Flower's SecAgg+ keys: secp384r1. */
const CURVE = { name: "ECDH", namedCurve: "P-384" } as const;
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

/** What SubjectPublicKeyInfo has before the point: the algorithm and the curve. */
const SPKI_HEAD = Uint8Array.fromHex("3076301006072a8648ce3d020106052b81040022036200");
/** An uncompressed point: 4, x, y. A private key in PKCS#8 ends with it. */
const POINT_BYTES = 97;

/** Makes a key pair on P-384. */
export async function generatePemKeyPair(): Promise<PemKeyPair> {
  const { privateKey } = await crypto.subtle.generateKey(CURVE, true, ["deriveBits"]);
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey("pkcs8", privateKey));
  // Exporting the public key takes ten times as long as making the pair.
  const spki = joinBytes([SPKI_HEAD, pkcs8.subarray(-POINT_BYTES)]);
  return { publicKey: pem(PUBLIC, spki), privateKey: pem(PRIVATE, pkcs8) };
}

/** The private half of key agreements with several peers: its PEM is parsed once. */
export class KeyAgreement {
  readonly #key: P384PrivateKey;

  /**
   * @param privateKey in PEM
   * @throws FlwrError "invalid-argument" when the text is not a private key on P-384
   */
  constructor(privateKey: Uint8Array) {
    try {
      this.#key = new P384PrivateKey(pemBytes(PRIVATE, privateKey));
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
    const secret = await this.#agree(publicKey);
    const key = await hkdfSha256(secret, SHARED_KEY_BYTES);
    return new TextEncoder().encode(key.toBase64({ alphabet: "base64url" }));
  }

  /** {@link sharedKey} with each of several peers. */
  async sharedKeys(publicKeys: readonly Uint8Array[]): Promise<Uint8Array<ArrayBuffer>[]> {
    return await Promise.all(publicKeys.map((publicKey) => this.sharedKey(publicKey)));
  }

  /** Whether a public key, in PEM, belongs to this private key. It is computed anew, whatever the PEM says. */
  async hasPublicKey(publicKey: Uint8Array): Promise<boolean> {
    const probe = await generatePemKeyPair();
    const [here, there] = await Promise.all([
      this.#agree(probe.publicKey),
      new KeyAgreement(probe.privateKey).#agree(publicKey),
    ]);
    return sameBytes(here, there);
  }

  async #agree(publicKey: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    try {
      return await this.#key.agree(pemBytes(PUBLIC, publicKey));
    } catch {
      throw new FlwrError("invalid-argument", "A public key is not a P-384 key in PEM");
    }
  }
}

/** Whether a text is a public key on P-384, in PEM: also that it is a point of the curve. */
export async function isPublicKey(publicKey: Uint8Array): Promise<boolean> {
  try {
    return await isP384PublicKey(pemBytes(PUBLIC, publicKey));
  } catch {
    return false;
  }
}

function pem(label: string, der: Uint8Array): Uint8Array {
  return new TextEncoder().encode(writePem(label, der));
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
