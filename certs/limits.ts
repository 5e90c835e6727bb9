/** Largest certificate or key file that is read, in bytes: the bundles of all public authorities have about 250 KiB. */
export const MAX_CERTIFICATE_FILE_BYTES = 4 * 1024 * 1024;

/** Longest way from a server certificate to its authority that is followed, in certificates. */
export const MAX_CHAIN_LENGTH = 10;

/** How long a development certificate may be made for, in days: C-core and browsers know no end, but keys leak. */
export const MAX_CERTIFICATE_DAYS = 3650;

/** How long development certificates are valid unless said otherwise, in days. */
export const DEFAULT_CERTIFICATE_DAYS = 365;

/** Most hosts that one certificate names. */
export const MAX_CERTIFICATE_HOSTS = 100;

/** Shortest RSA key of a server, in bits: OpenSSL refuses shorter ones with words of its own (security level 2 of OpenSSL 3). */
export const MIN_RSA_BITS = 2048;

/** Longest RSA key whose signatures clients verify, in bits: rustls and BoringSSL refuse longer ones. */
export const MAX_RSA_BITS = 8192;

/** Most signatures of certificates that are verified at a start: rustls verifies as many for a connection. */
export const MAX_SIGNATURES = 100;

/** Most pairs of a name and a name constraint that are compared at a start: rustls compares as many for a connection. */
export const MAX_NAME_COMPARISONS = 250_000;
