/** Bytes of config.toml that are read at most: a file of connections has a few hundred. */
export const MAX_CONFIG_BYTES = 1024 * 1024;

/** Seconds that a command waits for a SuperLink to take its connection. */
export const CONNECT_SECONDS = 10;
