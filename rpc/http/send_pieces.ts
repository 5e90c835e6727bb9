import type { ServerResponse } from "node:http";
import { ANSWER_PIECE_BYTES } from "../limits.ts";
import { bodySeconds } from "./limits.ts";

/**
 * Sends a large body piece by piece, each when the one before has been taken: what waits to be sent is in memory twice.
 * A receiver that takes none for long is cut off. Returns also when the connection has ended.
 *
 * @param seconds for how many bytes it may take how long
 */
export async function sendPieces(
  response: ServerResponse,
  parts: readonly Uint8Array[],
  seconds: (bytes: number) => number = bodySeconds,
): Promise<void> {
  const start = performance.now();
  let sent = 0;
  for (const part of parts) {
    for (let from = 0; from < part.length; from += ANSWER_PIECE_BYTES) {
      const piece = part.subarray(from, from + ANSWER_PIECE_BYTES);
      if (response.closed || response.destroyed) return;
      sent += piece.length;
      if (response.write(piece)) continue;
      await taken(response, start + seconds(sent) * 1000 - performance.now());
    }
  }
}

/** Resolves when what was written has been taken, or never will be. */
function taken(response: ServerResponse, milliseconds: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(() => response.destroy(), Math.max(0, milliseconds));
  response.once("drain", resolve).once("close", resolve);
  return promise.finally(() => {
    clearTimeout(timer);
    response.off("drain", resolve).off("close", resolve);
  });
}
