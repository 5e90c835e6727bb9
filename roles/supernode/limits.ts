/** Seconds within which a SuperNode promises a heartbeat (Flower 1.9 to 1.41). */
export const HEARTBEAT_INTERVAL_SECONDS = 30;

/** How many runs a node knows, and of how many it keeps the state; beyond it the one unused for longest goes. */
export const MAX_KEPT_RUNS = 64;

/** Seconds that a stopping node takes for its last words to the SuperLink. */
export const FAREWELL_SECONDS = 3;

/** How many bundles' apps are kept ready, and how many runs' instances; beyond it the one unused for longest ends. */
export const MAX_WARM_APPS = 4;
