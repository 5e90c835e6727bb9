/** How often the holder of one key may join: at once, and per second in the long run. A node joins once a start. */
export const JOIN_BURST = 10;
export const JOINS_PER_SECOND = 1;

/** Seconds for which artifacts can be fetched from where PullArtifacts said: time to copy the address by hand. */
export const ARTIFACT_LINK_SECONDS = 600;

/** Such addresses that are good at the same time; the oldest go: 100 bytes or so each. */
export const MAX_ARTIFACT_LINKS = 1000;

/** Seconds that open calls have to end when the SuperLink stops. */
export const SHUTDOWN_GRACE_SECONDS = 3;

/**
 * Seconds between the opening of HTTP and the loading of gRPC, which keeps the thread for about as long: who has waited
 * for this SuperLink is answered in between.
 */
export const FIRST_ANSWERS_SECONDS = 0.025;
