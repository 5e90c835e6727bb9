/** Seconds within which a SuperNode promises a heartbeat (Flower 1.9 to 1.41). */
export const HEARTBEAT_INTERVAL_SECONDS = 30;

/** How long before the promise runs out a heartbeat is due, and by how much that varies, as in Flower. */
const HEARTBEAT_MARGIN_SECONDS = 5;
const HEARTBEAT_FRACTION = 0.8;
const HEARTBEAT_JITTER = 0.1;

/**
 * Seconds to the next heartbeat: (30 − 5) · (0.8 ± 0.1), so that many nodes started together spread out.
 *
 * @param uniform a random number in [0, 1)
 */
export function heartbeatWait(uniform: number): number {
  const fraction = HEARTBEAT_FRACTION + HEARTBEAT_JITTER * (2 * uniform - 1);
  return (HEARTBEAT_INTERVAL_SECONDS - HEARTBEAT_MARGIN_SECONDS) * fraction;
}

/** A pull answered faster than this, in seconds, was not held: the SuperLink is Flower's own, and must be polled. */
export const HELD_PULL_SECONDS = 1;

/** Seconds between two pulls of a SuperLink that does not hold them: short after work, up to Flower's 3 s when idle. */
const POLL_MIN_SECONDS = 0.1;
const POLL_MAX_SECONDS = 3;
const POLL_GROWTH = 1.3;

/** Seconds to the next pull after a number of empty answers. */
export function pollWait(emptyAnswers: number): number {
  return Math.min(POLL_MAX_SECONDS, POLL_MIN_SECONDS * POLL_GROWTH ** (emptyAnswers - 1));
}

/** How often a message is tried when the ClientApp dies over it, before the ServerApp is told. */
export const MAX_APP_TRIES = 2;

/** How many runs a node knows, and of how many it keeps the state; beyond it the one unused for longest goes. */
export const MAX_KEPT_RUNS = 64;

/** Seconds that a stopping node takes for its last words to the SuperLink. */
export const FAREWELL_SECONDS = 3;

/** The largest file of trusted entities, in bytes: thousands of keys. */
export const MAX_TRUSTED_ENTITIES_BYTES = 1024 * 1024;

/** How often a node asks whether the run that it works for goes on, in seconds; a short piece of work never asks. */
export const RUN_CHECK_SECONDS = 5;

/** A node that is forgotten sooner after a join, in seconds, is not wanted: it does not join again. */
export const REJOIN_MIN_SECONDS = 1;

/**
 * How long a node waits for a SuperLink that counts it as online still, in seconds, and how often it tries: Flower's
 * own takes a killed node back when two of its heartbeat intervals have passed.
 */
export const TAKE_OVER_PATIENCE_SECONDS = 2 * HEARTBEAT_INTERVAL_SECONDS + 10;
export const TAKE_OVER_TRY_SECONDS = 3;

/** How many bundles' apps are kept ready, and how many runs' instances; beyond it the one unused for longest ends. */
export const MAX_WARM_APPS = 4;

/** Seconds after a message when an instance is made for the next run: its start must not slow this run's next message. */
export const WARM_AFTER_SECONDS = 1;

/** Seconds that an instance of an app which no run needed is kept ready. */
export const SPARE_SECONDS = 300;

/** Seconds after its last message when a node first asks whether a run is over; the wait doubles, up to the last. */
export const IDLE_CHECK_SECONDS = { first: 5, last: 60 } as const;

/** Seconds after which the instance of a run that may go on ends all the same; what it keeps in its context stays. */
export const RELEASE_SECONDS = 600;

/** After how many seconds without a heartbeat a ClientApp's process counts as dead (contract, section 3.2). */
export const CLIENTAPP_SILENCE_SECONDS = 60;

/** How long a ClientApp's process may take to end itself after its task, in seconds. */
export const CLIENTAPP_EXIT_SECONDS = 5;
