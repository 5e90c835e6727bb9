import { joinBytes } from "../base/bytes.ts";
import type { Bytes } from "./bytes.ts";
import { MalformedError } from "./der.ts";

/** Reader of the fields of an SSH structure (RFC 4251, section 5). Every method throws MalformedError. */
export class SshReader {
  #rest: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#rest = bytes;
  }

  /** The bytes that were not read yet. */
  get rest(): Uint8Array {
    return this.#rest;
  }

  /** Reads the next `count` bytes. */
  bytes(count: number): Uint8Array {
    if (this.#rest.length < count) throw new MalformedError("it ends too early");
    const taken = this.#rest.subarray(0, count);
    this.#rest = this.#rest.subarray(count);
    return taken;
  }

  /** Reads a big-endian 32-bit integer. */
  uint32(): number {
    return this.bytes(4).reduce((sum, byte) => sum * 256 + byte, 0);
  }

  /** Reads a length-prefixed string of bytes. */
  string(): Uint8Array {
    return this.bytes(this.uint32());
  }

  /** Reads a length-prefixed string as text. Bytes outside ASCII never equal an expected name. */
  text(): string {
    return new TextDecoder().decode(this.string());
  }

  /** Reads a non-negative mpint, including a leading zero. */
  unsigned(): Uint8Array {
    const bytes = this.string();
    if (bytes[0] !== undefined && bytes[0] >= 0x80) {
      throw new MalformedError("a number is negative");
    }
    return bytes;
  }

  /** Throws unless all bytes were read. */
  end(): void {
    if (this.#rest.length > 0) throw new MalformedError("bytes follow its end");
  }
}

/** Encodes a big-endian 32-bit integer. */
export function sshUint32(value: number): Bytes {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

/** Encodes a length-prefixed string. */
export function sshString(value: string | Uint8Array): Bytes {
  const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
  return joinBytes([sshUint32(bytes.length), bytes]);
}
