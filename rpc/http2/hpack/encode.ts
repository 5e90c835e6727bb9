import type { Field } from "./decoder.ts";
import { STATIC_TABLE } from "./static_table.ts";

/**
 * Encodes header fields without any state: what the static table has by its index, all else as plain text that the
 * receiver does not keep. What a server of gRPC says is short, and mostly the same bytes each time.
 *
 * @param fields names in lower case; each character one byte
 */
export function encodeFields(fields: readonly Field[]): Uint8Array {
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
