/** Seconds that any request's body may take. */
export const BODY_GRACE_SECONDS = 30;

/** Bytes that have to arrive in each second after that: a model of 20 MB has 20 minutes, a silent caller none. */
export const MIN_BODY_BYTES_PER_SECOND = 16 * 1024;

/** Bytes of a refused request's body that are read and dropped, so that its connection can be used on. */
export const MAX_DROPPED_BYTES = 64 * 1024;

/** Milliseconds for a request's head, from the connection's start or the last answer's first new byte on. */
export const HEAD_TIMEOUT_MS = 20_000;

/** Milliseconds between looks at that. */
export const HEAD_CHECK_MS = 5_000;

/** Milliseconds without a request after which a connection is closed. Python's clients close theirs after 5 s. */
export const KEEP_ALIVE_MS = 75_000;
