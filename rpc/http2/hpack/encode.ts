import type { HeaderField } from "./decoder.ts";
import { STATIC_TABLE } from "./static_table.ts";

/**
 * Encodes header fields without state: fields in the static table by index, all others as literals that the receiver
 * does not index. A gRPC server's headers are short and mostly constant.
 *
 * @param fields names in lower case; each character one byte
 */
export function encodeFields(fields: readonly HeaderField[]): Uint8Array {
  const bytes: number[] = [];
  for (const [name, value] of fields) {
    const whole = STATIC_TABLE.findIndex((entry) => entry[0] === name && entry[1] === value) + 1;
    if (whole > 0) {
      integer(bytes, 0x80, 7, whole);
      continue;
    }
    const named = STATIC_TABLE.findIndex((entry) => entry[0] === name) + 1;
    integer(bytes, 0, 4, named);
    if (named === 0) text(bytes, name);
    text(bytes, value);
  }
  return Uint8Array.from(bytes);
}

function integer(bytes: number[], flags: number, prefix: number, value: number): void {
  const mask = (1 << prefix) - 1;
  if (value < mask) return void bytes.push(flags | value);
  bytes.push(flags | mask);
  let rest = value - mask;
  for (; rest >= 0x80; rest >>= 7) bytes.push(rest & 0x7f | 0x80);
  bytes.push(rest);
}

function text(bytes: number[], value: string): void {
  integer(bytes, 0, 7, value.length);
  for (let i = 0; i < value.length; i++) bytes.push(value.charCodeAt(i) & 0xff);
}
