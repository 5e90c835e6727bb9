import { joinBytes } from "../base/bytes.ts";
import { type Bytes, toSignedInteger } from "./bytes.ts";

/** Tags of ASN.1's distinguished encoding (DER, X.690) that keys, signatures and certificates use. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  octets: 0x04,
  oid: 0x06,
  sequence: 0x30,
  /** Explicit [0] of an ECPrivateKey: the curve. */
  parameters: 0xa0,
  /** Explicit [1] of an ECPrivateKey: the public point. */
  publicKey: 0xa1,
  bits: 0x03,
} as const;

/** Error of a reader of binary formats. Callers convert it to a FlwrError that names the file. */
export class MalformedError extends Error {}

/** Reader of a sequence of DER elements. Every method throws MalformedError. */
export class DerReader {
  #rest: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#rest = bytes;
  }

  /** Whether all bytes were read. */
  get done(): boolean {
    return this.#rest.length === 0;
  }

  /** Reads the next element, including its tag and length. */
  raw(): Uint8Array {
    const before = this.#rest;
    this.next();
    return before.subarray(0, before.length - this.#rest.length);
  }

  /** Reads the contents of the next element, which must have this tag. */
  read(tag: number): Uint8Array {
    const [found] = this.#rest;
    if (found !== undefined && found !== tag) {
      throw new MalformedError(`an element has tag ${found}, not ${tag}`);
    }
    return this.next().contents;
  }

  /** Reads the next element, with any tag. */
  next(): { tag: number; contents: Uint8Array } {
    const [tag, first] = this.#rest;
    if (tag === undefined || first === undefined) throw new MalformedError("it ends too early");
    const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
    if (lengthBytes > 2 || first === 0x80) throw new MalformedError("a length is out of range");
    let length = first;
    if (lengthBytes > 0) {
      length = this.#rest.subarray(2, 2 + lengthBytes).reduce((sum, byte) => sum * 256 + byte, 0);
      const shortest = length < 0x80 ? 0 : length < 0x100 ? 1 : 2;
      if (lengthBytes !== shortest) throw new MalformedError("a length is not minimal");
    }
    const start = 2 + lengthBytes;
    if (this.#rest.length < start + length) throw new MalformedError("it ends too early");
    const contents = this.#rest.subarray(start, start + length);
    this.#rest = this.#rest.subarray(start + length);
    return { tag, contents };
  }

  /** Reads the contents of the next element if it has this tag. Otherwise returns undefined and reads nothing. */
  readOptional(tag: number): Uint8Array | undefined {
    return this.#rest[0] === tag ? this.read(tag) : undefined;
  }

  /** Reads the bytes of the next INTEGER, which must be non-negative and minimal. */
  readUnsigned(): Uint8Array {
    const contents = this.read(TAG.integer);
    const [first, second] = contents;
    if (first === undefined || first >= 0x80) {
      throw new MalformedError("an integer is empty or negative");
    }
    if (first === 0 && second !== undefined && second < 0x80) {
      throw new MalformedError("an integer is not minimal");
    }
    return contents;
  }

  /** Throws unless all bytes were read. */
  end(): void {
    if (!this.done) throw new MalformedError("bytes follow its end");
  }
}

/** Encodes one element. Its contents, given in parts, have at most 65,535 bytes. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Bytes {
  const contents = joinBytes(parts);
  const size = contents.length;
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 255];
  return joinBytes([new Uint8Array([tag, ...length]), contents]);
}

/** Encodes a non-negative INTEGER. */
export function derUnsigned(integer: Uint8Array): Bytes {
  return der(TAG.integer, toSignedInteger(integer));
}
