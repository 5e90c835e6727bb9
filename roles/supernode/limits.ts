/** Seconds within which a SuperNode promises a heartbeat (Flower 1.9 to 1.41). */
export const HEARTBEAT_INTERVAL_SECONDS = 30;

/** Seconds that a stopping node takes for its last words to the SuperLink. */
export const FAREWELL_SECONDS = 3;

/** How many bundles' apps are kept ready, and how many runs' instances; beyond it the one unused for longest ends. */
export const MAX_WARM_APPS = 4;
