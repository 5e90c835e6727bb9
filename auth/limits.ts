/** Largest key or public key file that is read, in bytes: an OpenSSH P-521 key with a long comment is under 2 KiB. */
export const MAX_KEY_FILE_BYTES = 64 * 1024;

/** Largest key list that is read, in bytes: room for about 100,000 P-384 keys. */
export const MAX_KEY_LIST_BYTES = 16 * 1024 * 1024;

/** Longest request header with a public key that is decoded, in characters; a P-521 key takes 360. */
export const MAX_PUBLIC_KEY_HEADER = 1024;

/** Longest ECDSA signature in DER, in bytes: P-521 takes at most 139. */
export const MAX_SIGNATURE_BYTES = 160;

/** How many peers' HMAC keys are kept at once; the one unused for longest is derived again when it returns. */
export const MAX_CACHED_TOKEN_KEYS = 10_000;

/** How many accepted signatures a replay guard remembers over all peers. */
export const MAX_REMEMBERED_SIGNATURES = 1_000_000;

/** How many of them one peer takes up, beyond which its oldest are forgotten and refused by their time. */
export const MAX_REMEMBERED_PER_PEER = 20_000;

/**
 * Seconds beyond a signature's own time that are noted as used before it is accepted. A peer that calls all the time
 * costs one write in so long; after a crash of the SuperLink it waits at most so long to be heard again.
 */
export const RESERVED_AHEAD_SECONDS = 1;

/** Seconds between two looks for peers whose last signature does not count any more. */
export const SIGNER_SWEEP_SECONDS = 60;

/** How many nodes' public keys are kept read at once; the one unused for longest is read again when it returns. */
export const MAX_CACHED_PUBLIC_KEYS = 10_000;

/** Longest PEM text of a public key that is read, in bytes: P-521 takes 268. */
export const MAX_PUBLIC_KEY_PEM_BYTES = 512;

/** How many callers a rate limiter keeps account of. */
export const MAX_RATE_LIMITED_CALLERS = 10_000;

/** How often a watched key list is looked at, in seconds. */
export const KEY_LIST_POLL_SECONDS = 1;
