/** Seconds that the launcher's question for pending runs is held. */
export const CLAIM_HOLD_SECONDS = 20;

/** Seconds before the launcher asks again after asking for runs failed. */
export const TAKE_RETRY_SECONDS = 1;

/** Seconds between two heartbeats of a run that is run here: a quarter of the 60 that a run may be silent. */
export const HEARTBEAT_SECONDS = 15;

/** Seconds that a process which no app needed is kept ready. */
export const SPARE_SECONDS = 300;

/** Milliseconds for which lines of an app are gathered before they go to the log together. */
export const LOG_FLUSH_MS = 100;

/** Characters of log that wait beside an app while the SuperLink stores what came before; the rest is dropped. */
export const MAX_WAITING_LOG_CHARS = 1024 * 1024;

/** Last bytes that an app's process wrote, beside the app, which are kept to explain a crash. */
export const MAX_OUTPUT_TAIL_BYTES = 16 * 1024;

/** Longest text of an app that is taken: a line of its log, a sentence of its error, in characters. */
export const MAX_LINE_LENGTH = 64 * 1024;
export const MAX_SENTENCE_LENGTH = 8192;
export const MAX_HINTS = 8;
export const MAX_HINT_LENGTH = 1024;

/** Bytes of log that come together: what waited, three bytes a character, and a note of what was dropped. */
export const MAX_BATCH_BYTES: number = 3 * MAX_WAITING_LOG_CHARS + 1024;

/** Characters that a line of log counts as at least: those of a time. */
export const MIN_LINE_CHARS = 24;

/** Most lines of log that come together. */
export const MAX_LINES_PER_BATCH: number = Math.ceil(MAX_WAITING_LOG_CHARS / MIN_LINE_CHARS) + 1;
