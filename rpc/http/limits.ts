import { BODY_GRACE_SECONDS, MIN_BODY_BYTES_PER_SECOND } from "../limits.ts";

/** Bytes of a refused request's body that are read and dropped, so that its connection can be used on. */
export const MAX_DROPPED_BYTES = 64 * 1024;

/** Milliseconds for a request's head, from the connection's start or the last answer's first new byte on. */
export const HEAD_TIMEOUT_MS = 20_000;

/** Milliseconds between looks at that. */
export const HEAD_CHECK_MS = 5_000;

/**
 * Milliseconds that a stream's head waits for its first message. Flower's command line gives up on a head after 30 s,
 * and the log of a run that waits has nothing to say for longer.
 */
export const STREAM_HEAD_MS = 5_000;

/** Milliseconds without a request after which a connection is closed. Python's clients close theirs after 5 s. */
export const KEEP_ALIVE_MS = 75_000;

/** Seconds that a server may take to answer, beside the time for the bytes: a held pull takes 20. */
export const ANSWER_SECONDS = 60;

/**
 * Milliseconds that a client keeps an unused connection. Flower's own server closes it after 5 s; a request sent at
 * that moment would be lost.
 */
export const POOL_IDLE_MS = 4_000;

/** Files that one server sends at the same time, each with a piece of a few MiB in memory. */
export const MAX_DOWNLOADS = 16;

/** Seconds without a byte after which a file that is fetched does not come any more. */
export const FILE_SILENCE_SECONDS = 60;

/** Bytes of an error's text that are read. */
export const MAX_ERROR_BYTES = 64 * 1024;

/** Seconds that a body may take, each way. @param bytes how large it is */
export function bodySeconds(bytes: number): number {
  return BODY_GRACE_SECONDS + bytes / MIN_BODY_BYTES_PER_SECOND;
}
