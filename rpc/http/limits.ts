/** Seconds that any request's body may take. */
export const BODY_GRACE_SECONDS = 30;

/** Bytes that have to arrive in each second after that: a model of 20 MB has 20 minutes, a silent caller none. */
export const MIN_BODY_BYTES_PER_SECOND = 16 * 1024;

/** Bytes of an answer that are handed to the network at a time where its delivery is asked for. */
export const SLICE_BYTES = 64 * 1024;
