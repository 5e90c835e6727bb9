/** How often the holder of one key may join: at once, and per second in the long run. A node joins once a start. */
export const JOIN_BURST = 10;
export const JOINS_PER_SECOND = 1;

/** Seconds that open calls have to end when the SuperLink stops. */
export const SHUTDOWN_GRACE_SECONDS = 3;

/**
 * Seconds between the opening of HTTP and the loading of gRPC, which keeps the thread for about as long: who has waited
 * for this SuperLink is answered in between.
 */
export const FIRST_ANSWERS_SECONDS = 0.025;
