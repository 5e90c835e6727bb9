import { systemClock } from "../../base/clock.ts";
import type { Connection } from "./connections.ts";

/**
 * Milliseconds from an answer to a request that was not read whole to the end of its connection: the answer has left,
 * and no more of the request is taken.
 */
export const UNREAD_LINGER_MS = 2;

/** What an answer's body is made of, and who hears of its end. */
export interface AnswerSource {
  /** The next piece, asked for when the one before has been taken; undefined at the end. An error cuts the answer short. */
  next(): Uint8Array | undefined | Promise<Uint8Array | undefined>;
  /** Seconds from the start within which so many bytes must have been taken; without it there is no hurry. */
  readonly seconds?: (bytes: number) => number;
  /**
   * Called once, at the end.
   *
   * @param whole whether every piece was taken
   * @param error what `next` has thrown
   */
  ended(whole: boolean, error?: unknown): void;
}

/**
 * The body of an answer that is sent piece by piece, each when the one before has been taken: what waits to be sent is in
 * memory twice. A receiver that takes none for long has its connection closed.
 *
 * Deno says of an answer that it is complete although its caller has gone; but it cancels a stream that nobody reads on.
 */
export function answerBody(
  connection: Connection,
  { next, seconds, ended }: AnswerSource,
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
        // What was taken is on its way first.
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

/** Bytes of a large answer that are handed to the network at a time: TLS keeps a copy of what is not yet sent. */
export const ANSWER_PIECE_BYTES = 256 * 1024;

/** Takes the parts of a large body to pieces that are sent one by one. */
export function* piecesOf(parts: readonly Uint8Array[]): Generator<Uint8Array, undefined> {
  for (const part of parts) {
    for (let from = 0; from < part.length; from += ANSWER_PIECE_BYTES) {
      yield part.subarray(from, from + ANSWER_PIECE_BYTES);
    }
  }
}
