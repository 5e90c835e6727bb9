/** Seconds that the launcher's question for pending runs is held. */
export const CLAIM_HOLD_SECONDS = 20;

/** Seconds before the launcher asks again after the store failed. */
export const CLAIM_RETRY_SECONDS = 1;

/** Seconds between two heartbeats of a run that is run here: a quarter of the 60 that a run may be silent. */
export const HEARTBEAT_SECONDS = 15;

/** Seconds that a worker which nobody needed is kept warm. */
export const SPARE_SECONDS = 300;

/** Milliseconds for which lines of an app are gathered before they go to the log together. */
export const LOG_FLUSH_MS = 100;

/** Characters of log that wait in a worker while the SuperLink stores what came before; the rest is dropped. */
export const MAX_WAITING_LOG_CHARS = 1024 * 1024;
