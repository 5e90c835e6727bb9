/**
 * Longest time in seconds that a pull waits for work. Flower's own clients repeat it after an empty response. Flower
 * 1.9's have no deadline, but proxies on the way may have one.
 */
export const MAX_HOLD_SECONDS = 20;

/** Deadline in seconds of a pull: the SuperLink's hold, and time for a large response. */
export const PULL_DEADLINE_SECONDS = 120;

/** Deadline in seconds of a call that carries a message, which may be large. */
export const PUSH_DEADLINE_SECONDS = 300;

/** Deadline in seconds of a short call. */
export const CALL_DEADLINE_SECONDS = 20;

/**
 * Bytes of content per call to or from a ServerApp, unless a single message has more. It is far below a message's
 * limit, because many large models should be sent one after the other.
 */
export const MAX_CONTENT_BYTES_PER_CALL = 64 * 1024 * 1024;
