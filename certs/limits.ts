/** How long development certificates are valid unless said otherwise, in days. */
export const DEFAULT_CERTIFICATE_DAYS = 365;

/** Shortest RSA key of a server, in bits: OpenSSL refuses shorter ones with words of its own (security level 2 of OpenSSL 3). */
export const MIN_RSA_BITS = 2048;

/** Most signatures of certificates that are verified at a start: rustls verifies as many for a connection. */
export const MAX_SIGNATURES = 100;

/** Most pairs of a name and a name constraint that are compared at a start: rustls compares as many for a connection. */
export const MAX_NAME_COMPARISONS = 250_000;
