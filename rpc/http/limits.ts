import { BODY_GRACE_SECONDS, MIN_BODY_BYTES_PER_SECOND } from "../limits.ts";

/** Bytes of a refused request's body that are read and dropped, so that its connection can be used on. */
export const MAX_DROPPED_BYTES = 64 * 1024;

/** Milliseconds from a connection's start to the end of its first request's head, TLS included. */
export const HEAD_TIMEOUT_MS = 20_000;

/** Milliseconds between looks for connections that are unused for too long. */
export const HEAD_CHECK_MS = 5_000;

/** Connections of one server. Each costs a file descriptor and some 5 KiB, or up to 64 KiB while a head comes. */
export const MAX_CONNECTIONS = 16_384;

/** Connections of one IP address. A SuperNode has two or three, and a thousand nodes may share an address. */
export const MAX_CONNECTIONS_PER_ADDRESS = 4_096;

/**
 * Requests under way on one connection. HTTP/1.1 has one at a time, whatever a caller sends ahead. Only HTTP/2, which
 * Deno takes for granted over plain text, has more.
 */
export const MAX_REQUESTS_PER_CONNECTION = 16;

/** Milliseconds before accepting again where the system had no file descriptor for a connection. */
export const ACCEPT_PAUSE_MS = 50;

/**
 * Milliseconds from an answer to a request that was not read whole to the end of its connection: the answer has left,
 * and no more of the request is taken.
 */
export const UNREAD_LINGER_MS = 5;

/** Milliseconds that the last bytes of an answer have to leave before a closing server closes their connection. */
export const FLUSH_MS = 250;

/** Pieces of any size that a request's body may come in; after them a piece must have {@link MIN_PIECE_BYTES}. */
export const FREE_PIECES = 64;

/**
 * Bytes that a body's pieces must have on average: a packet of the slowest line has twice as many. Each costs as much
 * time as 10 KiB do, so a body in chunks of one byte would stop a server.
 */
export const MIN_PIECE_BYTES = 256;

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
