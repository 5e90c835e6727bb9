import { MAX_MESSAGE_BYTES } from "../limits.ts";

/** Bytes of an array that one ArrayChunk object holds: Flower's cut. With another cut equal arrays would have other ids. */
export const CHUNK_BYTES = 5 * 1024 * 1024;

/** Bytes that are hashed at once on the main thread, in about 0.15 ms; larger objects are hashed beside it. */
export const SYNC_HASH_BYTES = 256 * 1024;

/** Bytes of all records of one RecordDict: a few objects that refer to each other often must not fill the memory. */
export const MAX_INFLATED_BYTES = MAX_MESSAGE_BYTES;
