import { ConnectionError, ERROR, PREFACE } from "./protocol.ts";
import type { ReadBuffer } from "./read_buffer.ts";
import type { ByteSocket } from "./socket.ts";

/**
 * Reads the bytes with which every HTTP/2 client begins.
 *
 * @returns false if the connection ended before
 * @throws ConnectionError at the first byte that differs
 */
export async function readPreface(input: ReadBuffer, socket: ByteSocket): Promise<boolean> {
  while (input.length < PREFACE.length) {
    comparePreface(input);
    if (!await input.fill(socket, PREFACE.length)) return false;
  }
  comparePreface(input);
  input.skip(PREFACE.length);
  return true;
}

function comparePreface({ bytes, start, length }: ReadBuffer): void {
  for (let i = 0; i < Math.min(length, PREFACE.length); i++) {
    if (bytes[start + i] !== PREFACE[i]) {
      throw new ConnectionError(ERROR.protocol, "The client does not speak HTTP/2");
    }
  }
}
