/** Seconds within which a SuperNode promises a heartbeat (Flower 1.9 to 1.41). */
export const HEARTBEAT_INTERVAL_SECONDS = 30;

/** Seconds that a stopping node takes for its last words to the SuperLink. */
export const FAREWELL_SECONDS = 3;
