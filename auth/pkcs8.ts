import { sameBytes } from "../base/bytes.ts";
import type { Bytes } from "./bytes.ts";
import { type CurveFacts, CURVES } from "./curve.ts";
import { der, DerReader, derUnsigned, MalformedError, TAG } from "./der.ts";

/** Contents of the object identifier id-ecPublicKey (RFC 5480). */
export const EC_PUBLIC_KEY = Uint8Array.fromHex("2a8648ce3d0201");

/** Decoded fields of a private key file, not yet checked against the curve. */
export interface PrivateKeyParts {
  readonly facts: CurveFacts;
  /** Big-endian, of any length. */
  readonly scalar: Uint8Array;
  /** The public point, if the file contains it. */
  readonly point: Uint8Array | undefined;
}

/**
 * Decodes a PKCS#8 PrivateKeyInfo (RFC 5958) with an elliptic-curve key.
 *
 * @throws MalformedError if it is damaged, has another algorithm, or names no supported curve
 */
export function decodePkcs8(bytes: Uint8Array): PrivateKeyParts {
  const outer = new DerReader(bytes);
  const info = new DerReader(outer.read(TAG.sequence));
  outer.end();
  info.readUnsigned();
  const algorithm = new DerReader(info.read(TAG.sequence));
  if (!sameBytes(algorithm.read(TAG.oid), EC_PUBLIC_KEY)) {
    throw new MalformedError("it is not an elliptic-curve key");
  }
  const facts = curveOf(algorithm);
  return decodeSec1(info.read(TAG.octets), facts);
}

/**
 * Decodes an ECPrivateKey (SEC 1, appendix C.4; RFC 5915).
 *
 * @param outside the curve named by the surrounding structure, if any
 * @throws MalformedError if it is damaged, names no curve, or names another curve than `outside`
 */
export function decodeSec1(bytes: Uint8Array, outside?: CurveFacts): PrivateKeyParts {
  const outer = new DerReader(bytes);
  const key = new DerReader(outer.read(TAG.sequence));
  outer.end();
  key.readUnsigned();
  const scalar = key.read(TAG.octets);
  const named = key.readOptional(TAG.parameters);
  const inside = named && curveOf(new DerReader(named));
  const facts = inside ?? outside;
  if (facts === undefined) throw new MalformedError("it does not name its curve");
  if (outside !== undefined && facts !== outside) throw new MalformedError("it names two curves");
  const tagged = key.readOptional(TAG.publicKey);
  const bits = tagged && new DerReader(tagged).read(TAG.bits);
  key.end();
  if (scalar.length > facts.fieldBytes) throw new MalformedError("its scalar is too long");
  return { facts, scalar, point: bits?.subarray(1) };
}

/** Encodes a PKCS#8 PrivateKeyInfo without the public point, as WebCrypto imports it. */
export function encodePkcs8(facts: CurveFacts, scalar: Uint8Array): Bytes {
  const curve = der(TAG.oid, Uint8Array.fromHex(facts.oid));
  const version = derUnsigned(new Uint8Array([1]));
  return der(
    TAG.sequence,
    derUnsigned(new Uint8Array([0])),
    der(TAG.sequence, der(TAG.oid, EC_PUBLIC_KEY), curve),
    der(TAG.octets, der(TAG.sequence, version, der(TAG.octets, scalar))),
  );
}

/** Error text for a key that contains the curve's parameters instead of its name (RFC 5480, section 2.1.1). */
export const EXPLICIT_PARAMETERS = "its curve is given by explicit parameters instead of its name";

/** Error for a key that contains the curve's parameters instead of its name. */
export class ExplicitParametersError extends MalformedError {
  constructor() {
    super(EXPLICIT_PARAMETERS);
  }
}

function curveOf(reader: DerReader): CurveFacts {
  if (reader.readOptional(TAG.sequence) !== undefined) throw new ExplicitParametersError();
  const oid = reader.read(TAG.oid).toHex();
  const facts = CURVES.find((candidate) => candidate.oid === oid);
  if (facts === undefined) throw new MalformedError("its curve is not P-256, P-384 or P-521");
  return facts;
}
