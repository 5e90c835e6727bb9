/** Objects that one connection transfers at a time. They have up to 5 MiB each: 40 MiB. */
export const MAX_OBJECTS_IN_FLIGHT = 8;

/**
 * How often messages are announced before the push fails. A SuperLink accepts their objects no longer once its push
 * session has ended.
 */
export const MAX_PUSH_ATTEMPTS = 3;

/** Deadline in seconds of a short call. */
export const CALL_DEADLINE_SECONDS = 20;

/** Deadline in seconds of a pull: the SuperLink's hold, and time for a large response. */
export const PULL_DEADLINE_SECONDS = 60;

/** Deadline in seconds of a call that carries an object or an app bundle. */
export const PUSH_DEADLINE_SECONDS = 300;

/** Deadline in seconds of a heartbeat: the next one is due soon. */
export const HEARTBEAT_DEADLINE_SECONDS = 5;
