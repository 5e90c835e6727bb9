/** Objects that one connection has on their way at a time. They have up to 5 MiB each: 40 MiB. */
export const MAX_OBJECTS_IN_FLIGHT = 8;

/** How often messages are announced anew when the SuperLink takes their objects no more (its push session is over). */
export const MAX_PUSH_ATTEMPTS = 3;

/** Seconds for a call that does little. */
export const CALL_DEADLINE_SECONDS = 20;

/** Seconds after which a held pull counts as lost: the SuperLink's hold, and time for a large answer. */
export const PULL_DEADLINE_SECONDS = 60;

/** Seconds for a call that carries an object or an app bundle. */
export const PUSH_DEADLINE_SECONDS = 300;

/** Seconds for a heartbeat: the next one is due soon. */
export const HEARTBEAT_DEADLINE_SECONDS = 5;

/** A pull answered faster than this, in seconds, was not held: the SuperLink is Flower's own, and must be polled. */
export const HELD_PULL_SECONDS = 1;

/** Seconds between two polls of such a SuperLink: at first, and at most. Flower's own nodes take 3. */
const POLL_LEAST_SECONDS = 0.2;
const POLL_MOST_SECONDS = 1;
const POLL_GROWTH = 1.3;
const POLL_JITTER = 0.2;

/**
 * Seconds to the next poll, ±20 %, so that nodes that were started together spread out.
 *
 * @param emptyAnswers how many came one after the other, from 1
 * @param uniform a random number in [0, 1)
 */
export function pollWait(emptyAnswers: number, uniform: number): number {
  const wait = Math.min(POLL_MOST_SECONDS, POLL_LEAST_SECONDS * POLL_GROWTH ** (emptyAnswers - 1));
  return wait * (1 + POLL_JITTER * (2 * uniform - 1));
}
