import { joinBytes } from "../../base/bytes.ts";
import { FlwrError } from "../../base/error.ts";

/** Bytes of the big-endian length before each message. */
const HEAD_BYTES = 4;

/** A message of a stream: its length, then its bytes. */
export function lengthPrefixed(message: Uint8Array): Uint8Array {
  const framed = new Uint8Array(HEAD_BYTES + message.length);
  new DataView(framed.buffer).setUint32(0, message.length);
  framed.set(message, HEAD_BYTES);
  return framed;
}

/**
 * Splits a stream into its messages, however the network has divided it.
 *
 * @param maxBytes maximum size of one message
 * @throws FlwrError "data-loss" for a larger message; "unavailable" for a stream that ends within one
 */
export async function* messagesIn(
  stream: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Uint8Array, void, void> {
  let rest = new Uint8Array();
  for await (const part of stream) {
    rest = rest.length === 0 ? new Uint8Array(part) : joinBytes([rest, part]);
    let start = 0;
    for (;;) {
      const length = lengthAt(rest, start);
      if (length === undefined) break;
      if (length > maxBytes) {
        throw new FlwrError("data-loss", `A message of ${length} bytes is too large`);
      }
      const end = start + HEAD_BYTES + length;
      if (end > rest.length) break;
      yield rest.subarray(start + HEAD_BYTES, end);
      start = end;
    }
    rest = rest.subarray(start);
  }
  if (rest.length > 0) throw new FlwrError("unavailable", "The stream ended within a message");
}

function lengthAt(bytes: Uint8Array, start: number): number | undefined {
  if (bytes.length - start < HEAD_BYTES) return undefined;
  return new DataView(bytes.buffer, bytes.byteOffset + start).getUint32(0);
}
