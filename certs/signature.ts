import { type KeyObject, verify, type X509Certificate } from "node:crypto";
import { DerReader, MalformedError, TAG } from "../auth/der.ts";

/** Hashes of signature algorithms by identifier in hexadecimal (RFC 5758, RFC 8410 and RFC 8017). Ed25519 has none. */
const HASHES: Readonly<Record<string, string | null>> = {
  "2a8648ce3d0401": "SHA-1",
  "2a8648ce3d040302": "SHA-256",
  "2a8648ce3d040303": "SHA-384",
  "2a8648ce3d040304": "SHA-512",
  "2a864886f70d010102": "MD2",
  "2a864886f70d010104": "MD5",
  "2a864886f70d010105": "SHA-1",
  "2a864886f70d01010b": "SHA-256",
  "2a864886f70d01010c": "SHA-384",
  "2a864886f70d01010d": "SHA-512",
  "2b6570": null,
};
/** Hashes that clients no longer accept in certificates. */
const BROKEN = ["MD2", "MD5", "SHA-1"];

/** Curves whose signatures Deno 2.9 can verify with any hash, by OpenSSL's and NIST's names. */
const VERIFIED_CURVES = ["prime256v1", "secp384r1", "P-256", "P-384"];

interface Signed {
  /** The signed bytes: the TBSCertificate. */
  readonly content: Uint8Array;
  /** The algorithm's object identifier. */
  readonly algorithm: string;
  readonly signature: Uint8Array;
}

/** Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue BIT STRING } (RFC 5280, section 4.1) */
function readSigned(der: Uint8Array): Signed {
  const fields = new DerReader(new DerReader(der).read(TAG.sequence));
  const content = fields.raw();
  const algorithm = new DerReader(fields.read(TAG.sequence)).read(TAG.oid).toHex();
  return { content, algorithm, signature: fields.read(TAG.bits).subarray(1) };
}

/** The hash of a certificate's signature if clients refuse it; undefined if they accept it or it cannot be read. */
export function brokenHash({ raw }: X509Certificate): string | undefined {
  try {
    const hash = HASHES[readSigned(raw).algorithm];
    return hash && BROKEN.includes(hash) ? hash : undefined;
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
}

/**
 * Whether a certificate was signed with a key. X509Certificate's `verify` in Deno 2.9 wrongly returns false for a hash
 * shorter than the curve, such as SHA-256 with P-384, which is OpenSSL's default.
 *
 * @returns undefined if this platform cannot verify it; a client may be able to
 */
export function madeSignature(key: KeyObject, { raw }: X509Certificate): boolean | undefined {
  try {
    const { content, algorithm, signature } = readSigned(raw);
    const hash = HASHES[algorithm];
    if (hash === undefined) return undefined;
    const made = verify(hash?.replace("-", "").toLowerCase(), content, key, signature);
    // For other curves Deno returns false for every signature.
    const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
    const isKnown = type !== "ec" || VERIFIED_CURVES.includes(details?.namedCurve ?? "");
    return made || isKnown ? made : undefined;
  } catch {
    return undefined;
  }
}
