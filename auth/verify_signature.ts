import { sha256Hex } from "../base/platform.ts";
import { asBytes } from "./bytes.ts";
import { rawFromDerSignature } from "./ecdsa_signature.ts";
import type { OpenSsl } from "./openssl.ts";
import { importPublicKey, type PublicKey } from "./public_key.ts";
import { systemOpenSsl } from "./system_openssl.ts";

/** A signature that verified. */
export interface VerifiedSignature {
  /** r ‖ s, big-endian, of equal length. */
  readonly raw: Uint8Array;
}

/**
 * Verifies an ECDSA signature with SHA-256, by the system's OpenSSL where there is one, otherwise by WebCrypto. Both
 * work on other threads.
 *
 * @param signature in DER, in the one canonical encoding
 * @param openssl default: the system's; undefined: WebCrypto
 * @returns undefined if the signature is malformed or invalid
 */
export async function verifySignature(
  key: PublicKey,
  message: Uint8Array,
  signature: Uint8Array,
  openssl: Promise<OpenSsl | undefined> = systemOpenSsl(),
): Promise<VerifiedSignature | undefined> {
  const raw = rawFromDerSignature(signature, key.curve);
  if (raw === undefined) return undefined;
  const digest = Uint8Array.fromHex(sha256Hex(message));
  const verdict = await (await openssl)?.verify(key, digest, asBytes(signature)) ??
    await crypto.subtle.verify(
      { name: "ECDSA", hash: "SHA-256" },
      await importPublicKey(key, "ECDSA"),
      raw,
      asBytes(message),
    );
  return verdict ? { raw } : undefined;
}
