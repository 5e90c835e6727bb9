import { toInteger } from "./bytes.ts";

/** A curve that OpenSSH, WebCrypto and Flower support, by WebCrypto's name. */
export type Curve = "P-256" | "P-384" | "P-521";

/** Parameters and encodings of a curve y² = x³ − 3x + b over the integers modulo p. */
export interface CurveFacts {
  readonly curve: Curve;
  /** OpenSSH's name of the curve (RFC 5656, section 10.1). */
  readonly sshName: string;
  /** Size of a coordinate and of a private scalar, in bytes. */
  readonly fieldBytes: number;
  /** Size of the field in bits, for key listings. */
  readonly bits: number;
  /** Contents of the curve's object identifier in DER, in hexadecimal. */
  readonly oid: string;
  /** The bytes before the point in a SubjectPublicKeyInfo with this curve (RFC 5480), in hexadecimal. */
  readonly spkiHead: string;
  readonly p: bigint;
  readonly b: bigint;
  /** The order of the base point. Scalars are 1 … n − 1. */
  readonly n: bigint;
}

/** Domain parameters from NIST SP 800-186, section 3.2.1; all three curves have cofactor 1. */
const FACTS: Readonly<Record<Curve, CurveFacts>> = {
  "P-256": {
    curve: "P-256",
    sshName: "nistp256",
    fieldBytes: 32,
    bits: 256,
    oid: "2a8648ce3d030107",
    spkiHead: "3059301306072a8648ce3d020106082a8648ce3d030107034200",
    p: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
    n: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  },
  "P-384": {
    curve: "P-384",
    sshName: "nistp384",
    fieldBytes: 48,
    bits: 384,
    oid: "2b81040022",
    spkiHead: "3076301006072a8648ce3d020106052b81040022036200",
    p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
    n: 2n ** 384n - 0x389cb27e0bc8d220a7e5f24db74f58851313e695333ad68dn,
  },
  "P-521": {
    curve: "P-521",
    sshName: "nistp521",
    fieldBytes: 66,
    bits: 521,
    oid: "2b81040023",
    spkiHead: "30819b301006072a8648ce3d020106052b8104002303818600",
    p: 2n ** 521n - 1n,
    b: BigInt(
      "0x51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e1" +
        "56193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00",
    ),
    n: 2n ** 521n - 0x5ae79787c40d069948033feb708f65a2fc44a36477663b851449048e16ec79bf7n,
  },
};

/** All curves, smallest first. */
export const CURVES: readonly CurveFacts[] = Object.values(FACTS);

/** The parameters of a curve. */
export function curveFacts(curve: Curve): CurveFacts {
  return FACTS[curve];
}

/**
 * Whether `point` is an uncompressed point (04 ‖ x ‖ y) of the curve.
 *
 * Every point from outside must be checked with this function. Deno's WebCrypto imports points that are not on the
 * curve, and a key agreement with such a point can reveal the private key (Biehl, Meyer and Müller, 2000).
 */
export function isOnCurve(facts: CurveFacts, point: Uint8Array): boolean {
  const { fieldBytes, p, b } = facts;
  if (point.length !== 1 + 2 * fieldBytes || point[0] !== 4) return false;
  const x = toInteger(point.subarray(1, 1 + fieldBytes));
  const y = toInteger(point.subarray(1 + fieldBytes));
  if (x >= p || y >= p) return false;
  return (y * y - (x * x * x - 3n * x + b)) % p === 0n;
}

/** Whether `scalar`, of any length, is a private scalar of the curve. */
export function isScalar(facts: CurveFacts, scalar: Uint8Array): boolean {
  const value = toInteger(scalar);
  return value >= 1n && value < facts.n;
}
