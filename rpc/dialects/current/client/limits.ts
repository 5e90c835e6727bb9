/** Objects that one connection has on their way at a time. They have up to 5 MiB each: 40 MiB. */
export const MAX_OBJECTS_IN_FLIGHT = 8;

/** How often messages are announced anew when the SuperLink takes their objects no more (its push session is over). */
export const MAX_PUSH_ATTEMPTS = 3;

/** Seconds for a call that does little. */
export const CALL_DEADLINE_SECONDS = 20;

/** Seconds after which a held pull counts as lost: the SuperLink's hold, and time for a large answer. */
export const PULL_DEADLINE_SECONDS = 60;

/** Seconds for a call that carries an object or an app bundle. */
export const PUSH_DEADLINE_SECONDS = 300;

/** Seconds for a heartbeat: the next one is due soon. */
export const HEARTBEAT_DEADLINE_SECONDS = 5;
