/** How long development certificates are valid unless said otherwise, in days. */
export const DEFAULT_CERTIFICATE_DAYS = 365;

/** Shortest RSA key of a server, in bits: OpenSSL refuses shorter ones with words of its own (security level 2 of OpenSSL 3). */
export const MIN_RSA_BITS = 2048;
