import type { Clock } from "../../../../base/clock.ts";
import type { Message } from "../../../../app/message.ts";
import { type ErrorCode, FlwrError } from "../../../../base/error.ts";
import type { LinkObject, ObjectId, PulledObject } from "../../../../entities/object.ts";
import { readObject } from "../../../objects/object.ts";
import { inflateMessage } from "./message_objects.ts";
import type { Parallel } from "./parallel.ts";

/** Seconds between two looks for an object that has not arrived at the SuperLink: first, and at most. */
const OBJECT_POLL_SECONDS = 0.5;
const MAX_OBJECT_POLL_SECONDS = 10;

/** Seconds after which an object does not come any more: the SuperLink gives up a push after 180 s of silence. */
const OBJECT_WAIT_SECONDS = 240;

/** How objects are fetched. */
export interface PullOptions {
  /** Gives those that are here already, checked. */
  readonly there?: (id: ObjectId) => LinkObject | undefined;
  /** Bytes of those that came with their message. */
  readonly along?: ReadonlyMap<ObjectId, Uint8Array>;
  /** Asks the server for one. */
  readonly pull: (id: ObjectId) => Promise<PulledObject>;
  readonly parallel: Parallel;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

/** Errors that say that a message is not whole or not well-formed. They concern neither the connection nor other messages. */
export const BROKEN_MESSAGE: ReadonlySet<ErrorCode> = new Set([
  "not-found",
  "data-loss",
  "invalid-argument",
  "resource-exhausted",
]);

/** A message with its content, and the objects that it was made of. */
export interface ReceivedMessage {
  readonly message: Message;
  readonly objects: ReadonlyMap<ObjectId, LinkObject>;
}

/**
 * Fetches a message: its objects, and what they say.
 *
 * @param id the message's, which is that of its root object
 * @param ids all objects of its tree
 * @throws what {@link pullObjects} and inflateMessage throw: errors of {@link BROKEN_MESSAGE}, where it is the message that
 *   is at fault
 */
export async function receiveMessage(
  id: ObjectId,
  ids: Iterable<ObjectId>,
  options: PullOptions,
): Promise<ReceivedMessage> {
  const objects = await pullObjects(ids, options);
  const root = objects.get(id);
  if (root === undefined) {
    throw new FlwrError("invalid-argument", `Object "${id}" is not in its own tree`);
  }
  return { message: inflateMessage(root, (objectId) => objects.get(objectId)), objects };
}

/**
 * Fetches the objects that are not here, several at a time, and checks that their bytes are theirs. Waits for those that
 * their sender has announced but not yet pushed.
 *
 * @throws FlwrError "not-found" for one that the server does not know, or that does not come; "data-loss" for bytes
 *   that are not the id's; "invalid-argument" for malformed ones; "cancelled" by the signal
 */
export async function pullObjects(
  ids: Iterable<ObjectId>,
  options: PullOptions,
): Promise<Map<ObjectId, LinkObject>> {
  const { there, along, parallel } = options;
  const objects = new Map<ObjectId, LinkObject>();
  const missing: ObjectId[] = [];
  for (const id of ids) {
    const bytes = along?.get(id);
    const object = there?.(id) ?? (bytes && await readObject(id, bytes));
    if (object === undefined) missing.push(id);
    else objects.set(id, object);
  }
  for (const object of await parallel.map(missing, (id) => pullObject(id, options))) {
    objects.set(object.id, object);
  }
  return objects;
}

async function pullObject(
  id: ObjectId,
  { pull, clock, signal }: PullOptions,
): Promise<LinkObject> {
  const deadline = clock.now() + OBJECT_WAIT_SECONDS;
  for (let pause = OBJECT_POLL_SECONDS;; pause = Math.min(2 * pause, MAX_OBJECT_POLL_SECONDS)) {
    const { found, bytes } = await pull(id);
    if (bytes !== undefined) return await readObject(id, bytes);
    if (!found) throw new FlwrError("not-found", `The server does not know object "${id}"`);
    if (clock.now() >= deadline) {
      throw new FlwrError(
        "not-found",
        `Object "${id}" did not arrive at the server within ${OBJECT_WAIT_SECONDS} s`,
      );
    }
    await clock.sleep(pause, signal);
    if (signal?.aborted) {
      throw new FlwrError("cancelled", "The objects are not waited for any more");
    }
  }
}
