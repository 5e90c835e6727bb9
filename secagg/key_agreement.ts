import { readPem, writePem } from "../auth/pem.ts";
import { joinBytes, sameBytes } from "../base/bytes.ts";
import { FlwrError } from "../base/error.ts";
import { hkdfSha256 } from "../base/platform.ts";
import { agreeP384, COORDINATE_BYTES, isP384Point, P384_GENERATOR, POINT_BYTES } from "./p384.ts";

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
/** What PKCS#8 has before the number, and between it and the point, as OpenSSL and WebCrypto write it. */
const PKCS8_HEAD = Uint8Array.fromHex(
  "3081b6020100301006072a8648ce3d020106052b8104002204819e30819b0201010430",
);
const PKCS8_MIDDLE = Uint8Array.fromHex("a164036200");

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
  readonly #key: Uint8Array;

  /**
   * @param privateKey in PEM, with its public key, as OpenSSL writes it
   * @throws FlwrError "invalid-argument" when the text is not a private key on P-384
   */
  constructor(privateKey: Uint8Array) {
    const der = pemBytes(PRIVATE, privateKey);
    const numberEnd = PKCS8_HEAD.length + COORDINATE_BYTES;
    const isKey = der?.length === numberEnd + PKCS8_MIDDLE.length + POINT_BYTES &&
      sameBytes(der.subarray(0, PKCS8_HEAD.length), PKCS8_HEAD) &&
      sameBytes(der.subarray(numberEnd, numberEnd + PKCS8_MIDDLE.length), PKCS8_MIDDLE);
    if (!isKey) throw notPrivateKey();
    this.#key = der.slice(PKCS8_HEAD.length, numberEnd);
  }

  /**
   * The key that is shared with a peer: ECDH, then HKDF-SHA-256 without salt and info. Both ends get the same.
   *
   * @param publicKey the peer's, in PEM
   * @returns 32 bytes as URL-safe base64 with padding: 44 bytes of ASCII, which are the key in Flower
   * @throws FlwrError "invalid-argument" when it is not a public key on P-384, or this private key is out of range
   */
  async sharedKey(publicKey: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    return (await this.sharedKeys([publicKey]))[0]!;
  }

  /** {@link sharedKey} with each of several peers, which takes half of the time for each. */
  async sharedKeys(publicKeys: readonly Uint8Array[]): Promise<Uint8Array<ArrayBuffer>[]> {
    const points = publicKeys.map((publicKey) => {
      const point = pointOf(publicKey);
      if (point !== undefined) return point;
      throw new FlwrError("invalid-argument", "A public key is not a P-384 key in PEM");
    });
    return await Promise.all(
      this.#agree(points).map(async (secret) => {
        const key = await hkdfSha256(secret, SHARED_KEY_BYTES);
        return new TextEncoder().encode(key.toBase64({ alphabet: "base64url" }));
      }),
    );
  }

  /**
   * Whether a public key, in PEM, belongs to this private key. It is computed anew, whatever the PEM says. The opposite
   * point counts as the same: all key agreements have the same result with it.
   */
  hasPublicKey(publicKey: Uint8Array): boolean {
    const point = pointOf(publicKey);
    if (point === undefined) return false;
    return sameBytes(this.#agree([P384_GENERATOR])[0]!, point.subarray(1, 1 + COORDINATE_BYTES));
  }

  #agree(points: readonly Uint8Array[]): Uint8Array<ArrayBuffer>[] {
    try {
      return agreeP384(this.#key, points);
    } catch {
      throw notPrivateKey();
    }
  }
}

/** Whether a text is a public key on P-384, in PEM: also that it is a point of the curve. */
export function isPublicKey(publicKey: Uint8Array): boolean {
  return pointOf(publicKey) !== undefined;
}

/** The uncompressed point of a public key in PEM; undefined when it is not one, or not on the curve. */
function pointOf(publicKey: Uint8Array): Uint8Array | undefined {
  const der = pemBytes(PUBLIC, publicKey);
  if (der === undefined || !sameBytes(der.subarray(0, SPKI_HEAD.length), SPKI_HEAD)) {
    return undefined;
  }
  const point = der.subarray(SPKI_HEAD.length);
  return isP384Point(point) ? point : undefined;
}

function notPrivateKey(): FlwrError {
  return new FlwrError("invalid-argument", "A private key is not a P-384 key in PEM");
}

function pem(label: string, der: Uint8Array): Uint8Array {
  return new TextEncoder().encode(writePem(label, der));
}

/** The bytes of a text's only block; undefined when there are several, or the label is another. */
function pemBytes(label: string, text: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  const blocks = readPem(new TextDecoder().decode(text));
  const [block] = blocks;
  return blocks.length === 1 && block?.label === label ? block.bytes : undefined;
}
