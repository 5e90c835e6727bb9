import { systemClock } from "../../base/clock.ts";
import type { Connection } from "./connections.ts";

/**
 * Milliseconds between the response to a request that was not read completely and the end of its connection: long
 * enough for the response to leave, too short to receive much more of the request.
 */
export const UNREAD_LINGER_MS = 2;

/** Source of a response's body, and callback for its end. */
export interface ResponseSource {
  /**
   * Returns the next piece, once the client has taken the previous one; undefined at the end. An error truncates the
   * response.
   */
  next(): Uint8Array | undefined | Promise<Uint8Array | undefined>;
  /** Seconds from the start within which the client must have taken `bytes`; unlimited by default. */
  readonly seconds?: (bytes: number) => number;
  /**
   * Called once, at the end.
   *
   * @param whole whether the client took every piece
   * @param error what `next` threw
   */
  ended(whole: boolean, error?: unknown): void;
}

/**
 * Creates a response's body that is sent piece by piece, each when the client has taken the previous one, because
 * bytes that wait in the network stack are in memory twice. A client that stops reading has its connection closed.
 *
 * Deno reports a response as complete even if its caller has disconnected, but it cancels a stream that nobody reads.
 */
export function responseBody(
  connection: Connection,
  { next, seconds, ended }: ResponseSource,
): ReadableStream<Uint8Array> {
  const start = performance.now();
  let sent = 0;
  let over = false;
  let late: ReturnType<typeof setTimeout> | undefined;
  let forget = () => {};
  const end = (whole: boolean, error?: unknown) => {
    if (over) return;
    over = true;
    clearTimeout(late);
    forget();
    connection.end();
    ended(whole, error);
  };
  connection.begin();
  forget = connection.onClose(() => end(false));
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      clearTimeout(late);
      let piece: Uint8Array | undefined;
      try {
        const found = next();
        piece = found instanceof Promise ? await found : found;
      } catch (error) {
        // Let the pieces already taken leave first.
        await systemClock.sleep(UNREAD_LINGER_MS / 1000);
        end(false, error);
        connection.close();
        return controller.error(error);
      }
      if (over) return;
      if (piece === undefined) {
        controller.close();
        return end(true);
      }
      sent += piece.length;
      controller.enqueue(piece);
      if (seconds === undefined) return;
      late = setTimeout(
        () => connection.close(),
        Math.max(0, start + seconds(sent) * 1000 - performance.now()),
      );
    },
    cancel: () => end(false),
  }, { highWaterMark: 0 });
}

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
