/** Calls that one worker may have open at a time: a ServerApp's connection has eight objects on their way. */
export const MAX_OPEN_PORT_CALLS = 256;

/** Bytes of one worker's open requests, and as many of its answers, beyond which more of them wait. One may be larger. */
export const MAX_OPEN_PORT_BYTES = 64 * 1024 * 1024;

/** Seconds that a large answer waits for those before it. A call that is refused for it is made again. */
export const ANSWER_PATIENCE_SECONDS = 600;
