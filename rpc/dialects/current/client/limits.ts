import { MIN_BODY_BYTES_PER_SECOND } from "../../../limits.ts";

/** Objects that one connection has on their way at a time. They have up to 5 MiB each: 40 MiB. */
export const MAX_OBJECTS_IN_FLIGHT = 8;

/** Bytes of an instruction's objects that a node keeps until the next one: a ResNet-18 has 45 MB. */
export const MAX_KEPT_BYTES = 64 * 1024 * 1024;

/** Seconds for which it keeps them while no other comes: the rest of a phase on slower nodes, and no more of a run that ended. */
export const KEPT_SECONDS = 300;

/** Bytes of an artifact that one call carries: a SuperLink takes from 1 to 5 MiB. */
export const ARTIFACT_PIECE_BYTES = 4 * 1024 * 1024;

/** Seconds between two looks for an object that has not arrived at the SuperLink: first, and at most. */
export const OBJECT_POLL_SECONDS = 0.5;
export const MAX_OBJECT_POLL_SECONDS = 10;

/** Seconds after which an object does not come any more: the SuperLink gives up a push after 180 s of silence. */
export const OBJECT_WAIT_SECONDS = 240;

/** How often messages are announced anew when the SuperLink takes their objects no more (its push session is over). */
export const MAX_PUSH_ATTEMPTS = 3;

/** Messages that one push announces: 1 MB or so; a Python SuperLink handles them one by one. */
export const MAX_MESSAGES_PER_PUSH = 1000;

/** The same where their objects go along: half of what one call takes, so that a model's fit beside them. */
export const MAX_MESSAGES_PER_FULL_PUSH = 256;

/** Nodes of the trees of those messages; one message may have more. A server decodes them in 50 ms. */
export const MAX_TREE_NODES_PER_PUSH = 40_000;

/** Seconds for a call that does little. */
export const CALL_DEADLINE_SECONDS = 20;

/** Seconds after which a held pull counts as lost: the SuperLink's hold, and time for a large answer. */
export const PULL_DEADLINE_SECONDS = 60;

/** Seconds for a call that carries an object or an app bundle. */
export const PUSH_DEADLINE_SECONDS = 300;

/** Seconds that a SuperLink may take until its answer begins: it holds pulls for 20 s, and large answers wait for room. */
const ANSWER_BEGINS_SECONDS = 40;

/**
 * Seconds until the answer to a node's call begins; otherwise its connection is dead, and TCP would try that again for up
 * to two minutes after the network is back. With the longest wait between two tries (20 s) this is two heartbeats.
 *
 * @param bytes how large the request is
 */
export function answerSeconds(bytes = 0): number {
  return ANSWER_BEGINS_SECONDS + bytes / MIN_BODY_BYTES_PER_SECOND;
}

/** Seconds for a heartbeat: the next one is due soon. */
export const HEARTBEAT_DEADLINE_SECONDS = 5;

/** Seconds between two heartbeats of a task, least and most: Flower gives up on a task after 60 s. */
export const TASK_HEARTBEAT_SECONDS = { least: 17.5, most: 22.5 } as const;

/** Seconds in which what an app writes is collected before it is sent. */
export const LOG_BATCH_SECONDS = 0.2;

/** Characters of log that wait to be sent at most, while the SuperLink cannot be reached; the oldest go first. */
export const MAX_BUFFERED_LOG_CHARACTERS = 1024 * 1024;

/** Bytes of a log that come in one message: a long log is shown while it comes. */
export const LOG_PART_BYTES = 262_144n;

/** Seconds without the server after which a follower of a log gives up. */
export const LOG_RECONNECT_SECONDS = 60;

/** Seconds between two tries to follow a log again. */
export const LOG_RETRY_SECONDS = 1;

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
