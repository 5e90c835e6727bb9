import { FlwrError } from "../../base/error.ts";

/** Bytes of the longest varint: 64 bits in groups of seven. */
const MAX_VARINT_BYTES = 10;

/** The position after the varint that starts at `start`. @throws FlwrError "invalid-argument" */
export function skipVarint(bytes: Uint8Array, start: number): number {
  for (let i = start; i < start + MAX_VARINT_BYTES; i++) {
    const byte = bytes[i];
    if (byte === undefined) break;
    if (byte < 0x80) return i + 1;
  }
  throw new FlwrError("invalid-argument", `Malformed protobuf: no varint at byte ${start}`);
}

/** The varint in bytes[start, end), as an unsigned 64-bit number. */
export function readVarint(bytes: Uint8Array, start: number, end: number): bigint {
  let value = 0n;
  for (let i = end - 1; i >= start; i--) value = (value << 7n) | BigInt(bytes[i]! & 0x7f);
  return BigInt.asUintN(64, value);
}

/** The varint in bytes[start, end), or Infinity where it does not fit into 32 bits. */
export function readVarint32(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let i = end - 1; i >= start; i--) value = value * 128 + (bytes[i]! & 0x7f);
  return value < 2 ** 32 ? value : Infinity;
}

/** Whether the varint in bytes[start, end) has its shortest encoding. */
export function isShortest(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start === 1 || bytes[end - 1] !== 0;
}

/** Encodes an unsigned number. */
export function writeVarint(value: number | bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt(value);
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}
