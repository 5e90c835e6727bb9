import { Buffer } from "node:buffer";
import { gunzip } from "node:zlib";
import { FlwrError } from "../../base/error.ts";

/** Bytes before a message: the compression flag and the length. */
const PREFIX_BYTES = 5;

/**
 * Bytes allocated for a message at first. The buffer grows only with bytes that arrive, so announcing a large length
 * costs nothing.
 */
const FIRST_BYTES = 64 * 1024;

/** Assembles the one message of a request from its bytes. */
export class GrpcMessageReader {
  readonly #maxBytes: number;
  readonly #prefix = new Uint8Array(PREFIX_BYTES);
  #prefixBytes = 0;
  #message: Uint8Array<ArrayBuffer> | undefined;
  #length = 0;
  #received = 0;

  /** @param maxBytes maximum size of the message */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * Adds received bytes.
   *
   * @throws FlwrError "resource-exhausted" for a message announced as too large, "invalid-argument" for a second
   *   message
   */
  append(bytes: Uint8Array): void {
    let rest = bytes;
    while (this.#prefixBytes < PREFIX_BYTES && rest.length > 0) {
      this.#prefix[this.#prefixBytes++] = rest[0]!;
      rest = rest.subarray(1);
      if (this.#prefixBytes === PREFIX_BYTES) this.#begin();
    }
    if (rest.length === 0) return;
    if (rest.length > this.#length - this.#received) {
      throw new FlwrError("invalid-argument", "The request has more than one message");
    }
    this.#grow(this.#received + rest.length);
    this.#message!.set(rest, this.#received);
    this.#received += rest.length;
  }

  /**
   * Returns the complete message.
   *
   * @param encoding the header "grpc-encoding"
   * @throws FlwrError "invalid-argument" for a request without a complete message; "resource-exhausted" if
   *   decompression exceeds the limit; "unimplemented" for an unknown compression
   */
  async end(encoding: string | undefined): Promise<Uint8Array> {
    if (this.#message === undefined || this.#received < this.#length) {
      throw new FlwrError("invalid-argument", "The request has no complete message");
    }
    const message = this.#message.subarray(0, this.#length);
    if (this.#prefix[0] === 0) return message;
    if (encoding !== "gzip") {
      throw new FlwrError("unimplemented", `Unknown compression: ${encoding ?? "none"}`);
    }
    return await unzip(message, this.#maxBytes);
  }

  #begin(): void {
    this.#length = Buffer.from(this.#prefix).readUInt32BE(1);
    if (this.#length > this.#maxBytes) throw tooLarge(this.#maxBytes, this.#length);
    this.#message = new Uint8Array(Math.min(this.#length, FIRST_BYTES));
  }

  #grow(needed: number): void {
    const message = this.#message!;
    if (needed <= message.length) return;
    const larger = new Uint8Array(Math.min(this.#length, Math.max(needed, 2 * message.length)));
    larger.set(message.subarray(0, this.#received));
    this.#message = larger;
  }
}

/** Puts the prefix before a message's parts, joined into one piece if they are small. */
export function prefixed(parts: readonly Uint8Array[]): Uint8Array[] {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const prefix = new Uint8Array(PREFIX_BYTES);
  new DataView(prefix.buffer).setUint32(1, length);
  if (length > FIRST_BYTES) return [prefix, ...parts];
  const whole = new Uint8Array(PREFIX_BYTES + length);
  whole.set(prefix);
  let at = PREFIX_BYTES;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return [whole];
}

function unzip(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    gunzip(bytes, { maxOutputLength: maxBytes }, (error, whole) => {
      if (error === null) return resolve(whole);
      const { code } = error as NodeJS.ErrnoException;
      reject(
        code === "ERR_BUFFER_TOO_LARGE"
          ? tooLarge(maxBytes)
          : new FlwrError("invalid-argument", "The request cannot be decompressed"),
      );
    });
  });
}

function tooLarge(maxBytes: number, length?: number): FlwrError {
  const got = length === undefined ? "" : `: ${length}`;
  return new FlwrError("resource-exhausted", `The request is larger than ${maxBytes} bytes${got}`);
}
