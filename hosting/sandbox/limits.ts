/** Most memory that a sandboxed app may take when its owner does not say: half of the machine's, within these bounds. */
const MIN_MEMORY_BYTES = 1024 ** 3;
const MAX_MEMORY_BYTES = 16 * 1024 ** 3;

/**
 * Bytes that an app's process may take, its models and data sets included.
 *
 * @param total bytes that the machine has
 */
export function defaultMemoryBytes(total: number): number {
  return Math.min(MAX_MEMORY_BYTES, Math.max(MIN_MEMORY_BYTES, total / 2));
}

/**
 * Longest text of a frame in bytes. What an app's process says is parsed in the thread that serves everyone: this much
 * of the worst, empty lists, takes some milliseconds. Records are not in the text but in the body, as columns.
 */
export const MAX_FRAME_TEXT_BYTES = { fromApp: 256 * 1024, toApp: 64 * 1024 ** 2 } as const;

/** Most bytes in a frame's body (protocol buffers: 2 GiB). */
export const MAX_FRAME_BODY_BYTES = 2 ** 31;

/** Where arrays begin in a frame's body: at multiples of this, as their elements do in a .npy file. */
export const BODY_ALIGNMENT = 64;

/** How much of some records is read. */
export interface RecordLimits {
  /** Names of records and entries, and pieces of bytes, together. */
  readonly entries: number;
  /** Integers, booleans, texts and lists, together. */
  readonly values: number;
  /** Floating-point numbers and lengths of axes, together. */
  readonly numbers: number;
  /** Bytes of names and texts, together. */
  readonly textBytes: number;
}

/**
 * How much an app may reply, and as much again keep as its state: reading this takes some 30 ms, in which the node does
 * nothing else. Only the numbers and bytes of arrays are not counted: they are not looked at one by one.
 */
export const RECORD_LIMITS: RecordLimits = {
  entries: 110_000,
  values: 250_000,
  numbers: 1_000_000,
  textBytes: 4 * 1024 ** 2,
};

/** Longest name of a record or an entry that an app replies, in characters. */
export const MAX_NAME_LENGTH = 4_096;

/** Most bytes of arrays and settings that an app may keep from one message to the next: the node keeps them for it. */
export const MAX_STATE_BYTES = 1024 ** 3;

/** Most dimensions of an array that an app replies. */
export const MAX_RANK = 64;
