import { damaged } from "./damaged.ts";

/** A structure of Thrift's compact protocol: values by the numbers of their fields. */
export type ThriftStruct = ReadonlyMap<number, ThriftValue>;
type ThriftValue = boolean | number | bigint | Uint8Array | readonly ThriftValue[] | ThriftStruct;

/** Deepest nesting: Parquet has no deeper structures. */
const MAX_DEPTH = 16;
/** Most bytes of an integer of 64 bits. */
const MAX_VARINT_BYTES = 10;

/**
 * Reads a structure in Thrift's compact protocol, with a bound on everything that a length can say. The library's own
 * reader takes quadratic time for long integers.
 *
 * @returns the structure, and the position after it
 * @throws FlwrError "invalid-argument" when the bytes are no such structure
 */
export function readThrift(bytes: Uint8Array, at: number): { value: ThriftStruct; end: number } {
  const reader = new ThriftReader(bytes, at);
  const value = reader.struct(0);
  return { value, end: reader.at };
}

class ThriftReader {
  readonly #bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  struct(depth: number): ThriftStruct {
    if (depth > MAX_DEPTH) throw damaged("its structures are nested too deeply");
    const fields = new Map<number, ThriftValue>();
    for (let field = 0;;) {
      const head = this.#byte();
      const type = head & 15;
      if (type === 0) return fields;
      const step = head >> 4;
      field = step > 0 ? field + step : Number(this.#zigzag());
      fields.set(field, this.#value(type, depth));
    }
  }

  #value(type: number, depth: number): ThriftValue {
    switch (type) {
      case 1:
      case 2:
        return type === 1;
      case 3:
        return this.#byte();
      case 4:
      case 5:
        return Number(this.#zigzag());
      case 6:
        return this.#zigzag();
      case 7:
        this.#skip(8);
        return NaN; // no field with a double is needed
      case 8:
        return this.#skip(Number(this.#varint()));
      case 9:
        return this.#list(depth);
      case 12:
        return this.struct(depth + 1);
    }
    throw damaged(`it has a field of the unknown type ${type}`);
  }

  #list(depth: number): ThriftValue[] {
    if (depth > MAX_DEPTH) throw damaged("its lists are nested too deeply");
    const head = this.#byte();
    const size = head >> 4 === 15 ? Number(this.#varint()) : head >> 4;
    // Each element has at least one byte.
    if (size > this.#bytes.length - this.at) throw damaged("a list is longer than the file");
    const type = head & 15;
    return Array.from(
      { length: size },
      () => type === 1 || type === 2 ? this.#byte() === 1 : this.#value(type, depth + 1),
    );
  }

  #skip(length: number): Uint8Array {
    if (length > this.#bytes.length - this.at) throw damaged("a text is longer than the file");
    return this.#bytes.subarray(this.at, this.at += length);
  }

  #byte(): number {
    const byte = this.#bytes[this.at++];
    if (byte === undefined) throw damaged("it ends within a structure");
    return byte;
  }

  #varint(): bigint {
    let value = 0n;
    for (let i = 0; i < MAX_VARINT_BYTES; i++) {
      const byte = this.#byte();
      value |= BigInt(byte & 127) << BigInt(7 * i);
      if (byte < 128) return value;
    }
    throw damaged("an integer is too long");
  }

  #zigzag(): bigint {
    const value = this.#varint();
    return (value >> 1n) ^ -(value & 1n);
  }
}
