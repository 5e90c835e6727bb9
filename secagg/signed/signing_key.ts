import { joinBytes } from "../../base/bytes.ts";

/** Bytes of a public and of a private key. */
export const ED25519_BYTES = 32;
/** Bytes of a signature. */
export const SIGNATURE_BYTES = 64;

/** The bytes of PKCS#8 in front of an Ed25519 private key (RFC 8410). */
const PKCS8_HEAD = Uint8Array.fromHex("302e020100300506032b657004220420");

/** A key pair of Ed25519, which signs the survivors of one round. */
export interface SigningKeyPair {
  /** 32 bytes (RFC 8032). */
  readonly publicKey: Uint8Array;
  /** 32 bytes. Never log it. */
  readonly privateKey: Uint8Array;
}

/** Makes a key pair. */
export async function generateSigningKey(): Promise<SigningKeyPair> {
  const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
  const [publicKey, pkcs8] = await Promise.all([
    crypto.subtle.exportKey("raw", (pair as CryptoKeyPair).publicKey),
    crypto.subtle.exportKey("pkcs8", (pair as CryptoKeyPair).privateKey),
  ]);
  const privateKey = new Uint8Array(pkcs8).slice(PKCS8_HEAD.length);
  return { publicKey: new Uint8Array(publicKey), privateKey };
}

/** Signs bytes. @param privateKey 32 bytes */
export async function signWith(
  privateKey: Uint8Array,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const pkcs8 = joinBytes([PKCS8_HEAD, privateKey]);
  const key = await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("Ed25519", key, bytes));
}

/** Whether a signature of bytes is valid. False for malformed keys and signatures. */
export async function isSignedWith(
  publicKey: Uint8Array,
  signature: Uint8Array,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  if (publicKey.length !== ED25519_BYTES || signature.length !== SIGNATURE_BYTES) return false;
  try {
    const [raw, signed] = [publicKey, signature] as Uint8Array<ArrayBuffer>[];
    const key = await crypto.subtle.importKey("raw", raw!, "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", key, signed!, bytes);
  } catch (error) {
    if (error instanceof DOMException || error instanceof TypeError) return false;
    throw error;
  }
}
