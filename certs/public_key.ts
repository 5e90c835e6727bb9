import type { KeyObject, X509Certificate } from "node:crypto";
import { DerReader, MalformedError, TAG } from "../auth/der.ts";
import { sameBytes } from "../base/bytes.ts";
import { readFields } from "./fields.ts";
import { MIN_RSA_BITS } from "./limits.ts";

/** Kinds of keys by their encoded AlgorithmIdentifier in hexadecimal (RFC 3279, 5480 and 8410). */
const ALGORITHMS: Readonly<Record<string, PublicKeyInfo["kind"]>> = {
  "06092a864886f70d0101010500": "RSA",
  "06072a8648ce3d020106082a8648ce3d030107": "P-256",
  "06072a8648ce3d020106052b81040022": "P-384",
  "06072a8648ce3d020106052b81040023": "P-521",
  "06032b6570": "Ed25519",
};
const EC_PUBLIC_KEY = "06072a8648ce3d0201";
const ED25519_BYTES = 32;
/** Longest RSA key in bits. rustls and BoringSSL refuse longer ones. */
const MAX_RSA_BITS = 8192;
/** Bound of RSA exponents. BoringSSL, and AWS-LC in rustls, accept at most 33 bits. */
const MAX_RSA_EXPONENT = 2n ** 33n;

/**
 * Encoded public key of a certificate. Parsed here, because Deno 2.9 cannot load RSA keys above 4,096 bits but clients
 * can.
 */
export interface PublicKeyInfo {
  /** The SubjectPublicKeyInfo (RFC 5280, section 4.1), in DER. */
  readonly der: Uint8Array;
  /** Kind of the key; undefined if clients do not support it. */
  readonly kind: "RSA" | "P-256" | "P-384" | "P-521" | "Ed25519" | undefined;
  /** Whether it is an elliptic-curve key, on any curve. */
  readonly isCurve: boolean;
  /** The bits of subjectPublicKey. */
  readonly key: Uint8Array;
}

/**
 * Reads a certificate's public key.
 *
 * @param der the certificate
 * @throws MalformedError if it is not a certificate
 */
export function readCertificateKey(der: Uint8Array): PublicKeyInfo {
  const { publicKey: info } = readFields(der);
  const parts = new DerReader(new DerReader(info).read(TAG.sequence));
  const algorithm = parts.read(TAG.sequence).toHex();
  const bits = parts.read(TAG.bits);
  parts.end();
  if (bits[0] !== 0) throw new MalformedError("its key is not of whole bytes");
  return {
    der: info,
    kind: ALGORITHMS[algorithm],
    isCurve: algorithm.startsWith(EC_PUBLIC_KEY),
    key: bits.subarray(1),
  };
}

/** The kind of a certificate's key; undefined if clients do not support it. */
export function keyKind({ raw }: X509Certificate): PublicKeyInfo["kind"] {
  return unlessMalformed(() => readCertificateKey(raw).kind, undefined);
}

/** The length of a certificate's RSA key in bits; undefined for other or unreadable keys. */
export function rsaBits({ raw }: X509Certificate): number | undefined {
  return unlessMalformed(() => {
    const { kind, key } = readCertificateKey(raw);
    return kind === "RSA" ? bitLength(readRsa(key).modulus) : undefined;
  }, undefined);
}

/** Whether a certificate belongs to a key. */
export function isKeyOf(key: KeyObject, certificate: X509Certificate): boolean {
  const own = key.export({ type: "spki", format: "der" });
  try {
    // Points have several encodings; the platform exports both keys in the same one.
    return sameBytes(own, certificate.publicKey.export({ type: "spki", format: "der" }));
  } catch {
    return unlessMalformed(() => sameBytes(own, readCertificateKey(certificate.raw).der), false);
  }
}

/** Why clients do not accept signatures with a certificate's key, as the object of "has"; undefined if they do. */
export function problemOfKey(certificate: X509Certificate): string | undefined {
  return unlessMalformed(() => {
    const { kind, isCurve, key } = readCertificateKey(certificate.raw);
    if (kind === undefined) {
      return isCurve
        ? "a key on an unsupported curve: use P-256, P-384 or P-521"
        : "a key of an unsupported kind: use RSA, ECDSA or Ed25519";
    }
    if (kind === "RSA") return problemOfRsa(key);
    const isDamaged = kind === "Ed25519" ? key.length !== ED25519_BYTES : !isLoaded(certificate);
    return isDamaged ? "a damaged key" : undefined;
  }, "a damaged key");
}

function unlessMalformed<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof MalformedError) return otherwise;
    throw error;
  }
}

function problemOfRsa(key: Uint8Array): string | undefined {
  const { modulus, exponent } = readRsa(key);
  const bits = bitLength(modulus);
  if (bits < MIN_RSA_BITS) return `an RSA key of ${bits} bits: at least ${MIN_RSA_BITS} are needed`;
  if (bits > MAX_RSA_BITS) {
    return `an RSA key of ${bits} bits: at most ${MAX_RSA_BITS} are supported`;
  }
  const isOdd = modulus.at(-1)! % 2 === 1 && exponent % 2n === 1n;
  return !isOdd || exponent < 3n || exponent >= MAX_RSA_EXPONENT
    ? "an RSA key with an invalid modulus or exponent"
    : undefined;
}

/** RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER } (RFC 8017, appendix A.1.1) */
function readRsa(key: Uint8Array): { modulus: Uint8Array; exponent: bigint } {
  const outer = new DerReader(key);
  const fields = new DerReader(outer.read(TAG.sequence));
  outer.end();
  const modulus = fields.readUnsigned();
  const exponent = BigInt(`0x${fields.readUnsigned().toHex()}`);
  fields.end();
  return { modulus, exponent };
}

function bitLength(integer: Uint8Array): number {
  const first = integer.findIndex((byte) => byte !== 0);
  return first === -1 ? 0 : (integer.length - first) * 8 - Math.clz32(integer[first]!) + 24;
}

/** Whether the platform loads an elliptic-curve key. Like clients, it refuses points that are not on the curve. */
function isLoaded(certificate: X509Certificate): boolean {
  try {
    return certificate.publicKey.type === "public";
  } catch {
    return false;
  }
}
