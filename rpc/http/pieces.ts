/** Bytes of a large response that are handed to the network at a time: TLS keeps a copy of what is not yet sent. */
export const ANSWER_PIECE_BYTES = 256 * 1024;

/** Splits the parts of a large body into pieces that are sent one by one. */
export function* piecesOf(parts: readonly Uint8Array[]): Generator<Uint8Array, undefined> {
  for (const part of parts) {
    for (let from = 0; from < part.length; from += ANSWER_PIECE_BYTES) {
      yield part.subarray(from, from + ANSWER_PIECE_BYTES);
    }
  }
}
