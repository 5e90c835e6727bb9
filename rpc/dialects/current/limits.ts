/**
 * Maximum depth of an object tree, equal to link's limit. Flower's trees have 5 levels, from message to array chunk.
 */
export const MAX_TREE_DEPTH = 16;

/** Longest time in seconds that a pull is held open while there is nothing: Flower's HTTP clients give up at 30 s. */
export const MAX_HOLD_SECONDS = 20;

/**
 * Heartbeat intervals without a heartbeat after which a node counts as offline (Flower 1.41: two). Flower's
 * SuperNodes send one about every 0.7 intervals and take up to 20 s to retry. One lost heartbeat must not cost a
 * reply.
 */
export const HEARTBEAT_PATIENCE = 2;

/**
 * Bytes of objects sent inline with the call that announces them: a model of a million float32, or the small arrays
 * of a larger one. Less than one of Flower's chunks, which need a call each.
 */
export const MAX_ALONG_BYTES = 4 * 1024 * 1024;

/** Number of objects sent inline with one call: 250 arrays and as many chunks. They are stored in one transaction. */
export const MAX_ALONG_OBJECTS = 512;

/** Objects that a caller may name as already held: the records of a message. */
export const MAX_HELD_OBJECTS = 32;

/** Messages that one call may confirm. Each confirmation removes the message's objects. */
export const MAX_ALONG_CONFIRMS = 256;
