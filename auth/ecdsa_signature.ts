import { joinBytes } from "../base/bytes.ts";
import { type Bytes, toFixedLength } from "./bytes.ts";
import { type Curve, curveFacts } from "./curve.ts";
import { der, DerReader, derUnsigned, MalformedError, TAG } from "./der.ts";

/** Longest ECDSA signature in DER, in bytes. P-521 needs at most 139. */
const MAX_SIGNATURE_BYTES = 160;

/**
 * Converts an ECDSA signature from WebCrypto's r ‖ s to DER (RFC 3279, section 2.2.3).
 *
 * @param raw r and s, big-endian, of equal length
 */
export function derFromRawSignature(raw: Uint8Array): Bytes {
  const half = raw.length / 2;
  return der(TAG.sequence, derUnsigned(raw.subarray(0, half)), derUnsigned(raw.subarray(half)));
}

/**
 * Converts an ECDSA signature from DER to WebCrypto's r ‖ s.
 *
 * Accepts only the one canonical encoding. Otherwise a replayed signature could be re-encoded to look new.
 *
 * @returns r and s, each as long as a coordinate of the curve; undefined if the bytes are not such a signature
 */
export function rawFromDerSignature(signature: Uint8Array, curve: Curve): Bytes | undefined {
  if (signature.length > MAX_SIGNATURE_BYTES) return undefined;
  const { fieldBytes } = curveFacts(curve);
  try {
    const outer = new DerReader(signature);
    const numbers = new DerReader(outer.read(TAG.sequence));
    outer.end();
    const r = toFixedLength(numbers.readUnsigned(), fieldBytes);
    const s = toFixedLength(numbers.readUnsigned(), fieldBytes);
    numbers.end();
    return r && s && joinBytes([r, s]);
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
}
