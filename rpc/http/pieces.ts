import { ANSWER_PIECE_BYTES } from "../limits.ts";

/** Takes the parts of a large body to pieces that are sent one by one. */
export function* piecesOf(parts: readonly Uint8Array[]): Generator<Uint8Array, undefined> {
  for (const part of parts) {
    for (let from = 0; from < part.length; from += ANSWER_PIECE_BYTES) {
      yield part.subarray(from, from + ANSWER_PIECE_BYTES);
    }
  }
}
