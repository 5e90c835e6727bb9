/** Largest number of threads of a session. */
export const MAX_THREADS = 256;
