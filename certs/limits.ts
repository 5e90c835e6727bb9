/** Default validity of development certificates, in days. */
export const DEFAULT_CERTIFICATE_DAYS = 365;

/**
 * Shortest RSA key of a server, in bits. OpenSSL 3 refuses shorter ones (security level 2), with an error that does not
 * name the file.
 */
export const MIN_RSA_BITS = 2048;

/** Largest number of signatures to verify at start; the limit of rustls for a connection. */
export const MAX_SIGNATURES = 100;

/**
 * Largest number of pairs of a name and a name constraint to compare at start; the limit of rustls for a connection.
 */
export const MAX_NAME_COMPARISONS = 250_000;
