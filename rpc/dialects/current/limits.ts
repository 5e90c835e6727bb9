/** How deep an object tree may be nested, as link's own limit; Flower's go 5 deep, from message to array chunk. */
export const MAX_TREE_DEPTH = 16;

/** Seconds that a pull is held when there is nothing yet: Flower's HTTP clients give up at 30 s. */
export const MAX_HOLD_SECONDS = 20;

/**
 * Intervals without a heartbeat after which a node counts as offline (Flower 1.41: two). Its SuperNodes show themselves
 * every 0.7 intervals or so and take up to 20 s to try again: one heartbeat that is lost must not cost a reply.
 */
export const HEARTBEAT_PATIENCE = 2;

/**
 * Bytes of objects that travel with one call that announces them: a model of a million float32, or the small arrays of a
 * larger one. Less than one of Flower's chunks, which are calls of their own.
 */
export const MAX_ALONG_BYTES = 4 * 1024 * 1024;

/** How many objects that may be: 250 arrays are as many again of chunks. They are stored in one transaction. */
export const MAX_ALONG_OBJECTS = 512;

/** Objects that a caller may say it holds: the records of a message. */
export const MAX_HELD_OBJECTS = 32;

/** Messages that one call may confirm: each has its objects removed. */
export const MAX_ALONG_CONFIRMS = 256;
