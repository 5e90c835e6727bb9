/** Calls that one worker may have open at a time: a ServerApp's connection has eight objects on their way. */
export const MAX_OPEN_PORT_CALLS = 256;
