import { MAX_MESSAGE_BYTES } from "../limits.ts";

/** Bytes of an array that one ArrayChunk object holds: Flower's cut. With another cut equal arrays would have other ids. */
export const CHUNK_BYTES = 5 * 1024 * 1024;

/** Bytes of an object's head: the ids of 50,000 children, as many as a message's tree has nodes. */
export const MAX_HEAD_BYTES = 50_000 * 65 + 64;

/** What decoding the body of a Message object may cost, in the units of `weigh`: it has 15 fields and words of an error. */
export const MAX_MESSAGE_BODY_UNITS = 50_000;

/** Bytes that are hashed at once on the main thread, in about 0.15 ms; larger objects are hashed beside it. */
export const SYNC_HASH_BYTES = 256 * 1024;

/** Bytes of all records of one RecordDict: a few objects that refer to each other often must not fill the memory. */
export const MAX_INFLATED_BYTES = MAX_MESSAGE_BYTES;
