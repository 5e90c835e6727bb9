/**
 * Seconds that a pull is held when there is no work. Flower's own clients ask again after an empty answer; without
 * a deadline on their side (1.9) they may be held for long, but proxies on the way may not like it.
 */
export const MAX_HOLD_SECONDS = 20;

/** Seconds after which a held pull counts as lost: the SuperLink's hold, and time for a large answer. */
export const PULL_DEADLINE_SECONDS = 120;

/** Seconds for a call that carries a message, which may be large. */
export const PUSH_DEADLINE_SECONDS = 300;

/** Seconds for a small call. */
export const CALL_DEADLINE_SECONDS = 20;

/** Bytes of content that one call carries to or from a ServerApp, unless a single message has more: far below what a
 * message may have, so that many large models travel one after the other and not all at once. */
export const MAX_CONTENT_BYTES_PER_CALL = 64 * 1024 * 1024;
