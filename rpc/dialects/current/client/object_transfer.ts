import type { Clock } from "../../../../base/clock.ts";
import type { Message } from "../../../../app/message.ts";
import { detach } from "../../../../app/message_memory.ts";
import { type ErrorCode, FlwrError } from "../../../../base/error.ts";
import type { LinkObject, ObjectId, PulledObject } from "../../../../entities/object.ts";
import { readObject } from "../../../objects/object.ts";
import { inflateMessage } from "./message_objects.ts";
import type { Parallel } from "./parallel.ts";

/** Seconds between two requests for an object that has not arrived at the SuperLink: initially, and at most. */
const OBJECT_POLL_SECONDS = 0.5;
const MAX_OBJECT_POLL_SECONDS = 10;

/** Seconds after which an object counts as lost: the SuperLink gives up a push after 180 s of silence. */
const OBJECT_WAIT_SECONDS = 240;

/** Sources of objects, and how to fetch them. */
export interface FetchOptions {
  /** Returns an object that is already here, with checked bytes. */
  readonly cached?: (id: ObjectId) => LinkObject | undefined;
  /** Bytes of objects sent inline with their message. */
  readonly along?: ReadonlyMap<ObjectId, Uint8Array>;
  /** Requests an object from the server. */
  readonly pull: (id: ObjectId) => Promise<PulledObject>;
  readonly parallel: Parallel;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  /** Whether chunks are freed when they have been copied into an array, so that a large one is not there twice. */
  readonly freesChunks?: boolean;
}

/** Error codes for an incomplete or malformed message. They affect neither the connection nor other messages. */
export const BROKEN_MESSAGE: ReadonlySet<ErrorCode> = new Set([
  "not-found",
  "data-loss",
  "invalid-argument",
  "resource-exhausted",
]);

/** A message with its content, and the objects it was assembled from. */
export interface ReceivedMessage {
  readonly message: Message;
  readonly objects: ReadonlyMap<ObjectId, LinkObject>;
}

/**
 * Fetches a message's objects and assembles it.
 *
 * @param id the message's id, which is that of its root object
 * @param ids all objects of its tree
 * @throws errors of {@link fetchObjects} and inflateMessage; one of {@link BROKEN_MESSAGE} if the message is at fault
 */
export async function receiveMessage(
  id: ObjectId,
  ids: Iterable<ObjectId>,
  options: FetchOptions,
): Promise<ReceivedMessage> {
  const objects = await fetchObjects(ids, options);
  const root = objects.get(id);
  if (root === undefined) {
    throw new FlwrError("invalid-argument", `Object "${id}" is not in its own tree`);
  }
  const get = (objectId: ObjectId) => objects.get(objectId);
  const free = options.freesChunks ? chunkFreer(objects, options.along) : undefined;
  return { message: inflateMessage(root, get, free), objects };
}

/** Frees chunks that one array alone consists of, and that were pulled one by one. */
function chunkFreer(
  objects: ReadonlyMap<ObjectId, LinkObject>,
  along: FetchOptions["along"],
): (id: ObjectId) => void {
  const parents = new Map<ObjectId, number>();
  for (const { children } of objects.values()) {
    for (const child of children) parents.set(child, (parents.get(child) ?? 0) + 1);
  }
  return (id) => {
    const { bytes } = objects.get(id)!;
    const isOwn = !along?.has(id) && bytes.length >= ALIGNED_FROM;
    if (isOwn && parents.get(id) === 1) detach(bytes.buffer);
  };
}

/**
 * Fetches the objects that are not here, several at a time, and checks their bytes. Waits for objects that their
 * sender has announced but not yet pushed.
 *
 * @throws FlwrError "not-found" for an object that the server does not know, or that does not arrive; "data-loss" for
 *   bytes that do not match the id; "invalid-argument" for malformed ones; "cancelled" by the signal
 */
export async function fetchObjects(
  ids: Iterable<ObjectId>,
  options: FetchOptions,
): Promise<Map<ObjectId, LinkObject>> {
  const { cached, along, parallel } = options;
  const objects = new Map<ObjectId, LinkObject>();
  const missing: ObjectId[] = [];
  for (const id of ids) {
    const bytes = along?.get(id);
    const object = cached?.(id) ?? (bytes && await readObject(id, bytes));
    if (object === undefined) missing.push(id);
    else objects.set(id, object);
  }
  for (const object of await parallel.map(missing, (id) => fetchObject(id, options))) {
    objects.set(object.id, object);
  }
  return objects;
}

async function fetchObject(
  id: ObjectId,
  { pull, clock, signal }: FetchOptions,
): Promise<LinkObject> {
  const deadline = clock.now() + OBJECT_WAIT_SECONDS;
  for (let pause = OBJECT_POLL_SECONDS;; pause = Math.min(2 * pause, MAX_OBJECT_POLL_SECONDS)) {
    const { found, bytes } = await pull(id);
    if (bytes !== undefined) return aligned(await readObject(id, bytes));
    if (!found) throw new FlwrError("not-found", `The server does not know object "${id}"`);
    if (clock.now() >= deadline) {
      throw new FlwrError(
        "not-found",
        `Object "${id}" did not arrive at the server within ${OBJECT_WAIT_SECONDS} s`,
      );
    }
    await clock.sleep(pause, signal);
    if (signal?.aborted) {
      throw new FlwrError("cancelled", "Waiting for the message's objects was cancelled");
    }
  }
}

/** Bytes from which an object is aligned. */
const ALIGNED_FROM = 2 ** 16;
/** Of the largest elements. */
const ALIGNMENT = 8;

/**
 * The same object with its body at an address that is a multiple of 8, so that the elements of an array in it are
 * aligned and the array need not be copied when it is decoded. The bytes as they were received are freed at once.
 */
function aligned(object: LinkObject): LinkObject {
  const { bytes } = object;
  const head = bytes.indexOf(0) + 1;
  if (bytes.length < ALIGNED_FROM || (bytes.byteOffset + head) % ALIGNMENT === 0) return object;
  const start = (ALIGNMENT - head % ALIGNMENT) % ALIGNMENT;
  const copy = new Uint8Array(start + bytes.length).subarray(start);
  copy.set(bytes);
  // The answer of the pull contains this object alone.
  if (bytes.buffer.byteLength - bytes.length < ALIGNED_FROM) detach(bytes.buffer);
  return { ...object, bytes: copy };
}
