/** Most threads that a session may be asked for. */
export const MAX_THREADS = 256;
