/** Runs that a list of runs has when the caller does not say how many (Flower 1.41). */
export const DEFAULT_LISTED_RUNS = 20;

/** Runs that one answer lists at most: about 1 MB. */
export const MAX_LISTED_RUNS = 1000;

/** Longest name of a node, in UTF-16 code units: it stands in tables. */
export const MAX_NODE_NAME_LENGTH = 128;

/** Longest "latitude,longitude", in UTF-16 code units. */
export const MAX_LOCATION_LENGTH = 128;

/**
 * Seconds that replies to a Python ServerApp wait for the others of the same call: Flower's Grid sleeps that long after
 * an answer that lacks some.
 */
export const REPLY_LINGER_SECONDS = 3;

/** Seconds that acquire-task is held. Flower's SuperExec looks after its other processes between two calls. */
export const ACQUIRE_HOLD_SECONDS = 5;

/** Lines of a ServerApp that one push carries at most: it comes several times a second. */
export const MAX_LOG_LINES_PER_PUSH = 100_000;

/** Longest text on how a task ended, in UTF-16 code units: a long stack trace of Python. */
export const MAX_DETAILS_LENGTH = 20_000;
