/** How often the holder of one key may join: at once, and per second in the long run. A node joins once a start. */
export const JOIN_BURST = 10;
export const JOINS_PER_SECOND = 1;

/** Seconds that open calls have to end when the SuperLink stops. */
export const SHUTDOWN_GRACE_SECONDS = 3;
