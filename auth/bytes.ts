import { joinBytes } from "../base/bytes.ts";

/** Bytes that WebCrypto accepts: never backed by shared memory. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** The same bytes, copied only if they are in shared memory, which WebCrypto refuses. */
export function asBytes(bytes: Uint8Array): Bytes {
  return bytes.buffer instanceof ArrayBuffer ? bytes as Bytes : new Uint8Array(bytes);
}

/** The unsigned big-endian integer in `bytes`; 0 if there are no bytes. */
export function toInteger(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt("0x" + bytes.toHex());
}

/**
 * An unsigned big-endian integer with a fixed length. Removes or adds leading zeros.
 *
 * @param length number of bytes of the result
 * @returns undefined if the integer needs more bytes
 */
export function toFixedLength(integer: Uint8Array, length: number): Bytes | undefined {
  const start = integer.findIndex((byte) => byte !== 0);
  const digits = start < 0 ? new Uint8Array() : integer.subarray(start);
  if (digits.length > length) return undefined;
  const fixed = new Uint8Array(length);
  fixed.set(digits, length - digits.length);
  return fixed;
}

/**
 * An unsigned integer in the encoding of OpenSSH's mpint and DER's INTEGER: without leading zeros, except for one that
 * clears the sign bit.
 */
export function toSignedInteger(integer: Uint8Array): Bytes {
  const start = integer.findIndex((byte) => byte !== 0);
  if (start < 0) return new Uint8Array([0]);
  const digits = integer.subarray(start);
  return digits[0]! < 0x80 ? new Uint8Array(digits) : joinBytes([new Uint8Array(1), digits]);
}
