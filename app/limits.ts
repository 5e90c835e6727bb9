/** Seconds that a reply is younger than its instruction at least: Flower drops a reply that is not strictly younger,
 * and a double holds today's Unix time to a quarter of a microsecond. */
export const REPLY_MIN_AGE_SECONDS = 1e-6;

/** Characters of an error's reason that travel; a longer one is cut. */
export const MAX_REASON_LENGTH = 4_096;

/** The longest key-value configuration text that is read. */
export const MAX_CONFIG_STRING_LENGTH = 65_536;

/** Seconds between two looks for replies at a SuperLink that answers at once that there are none. */
export const EMPTY_PULL_INTERVAL_SECONDS = 0.25;

/** Seconds between two looks for nodes while waiting for more of them. */
export const NODE_POLL_INTERVAL_SECONDS = 0.5;

/** Seconds after which a wait that has not moved is reported again. */
export const WAIT_REPORT_INTERVAL_SECONDS = 10;

/** The largest number of examples that a reply may claim, where the strategy does not say otherwise. */
export const MAX_NUM_EXAMPLES = 1e9;

/**
 * The longest update that is believed, as a Euclidean norm, where the strategy does not say otherwise: beyond any model and
 * any sum that nodes may send instead of one, and low enough that its square stays a number.
 */
export const MAX_UPDATE_NORM = 1e30;

/** How many replies a round leaves out, one after the other, to find a model that is finite; then the old model stays. */
export const MAX_EXCLUDED_REPLIES = 10;

/** Seconds within which a round's replies count, where the caller does not say otherwise (Flower 1.41). */
export const DEFAULT_ROUND_TIMEOUT_SECONDS = 3_600;
