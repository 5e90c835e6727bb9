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
 * Milliseconds between two looks at how much memory the process takes. A thread touches about 1 GB of new memory a
 * second: so much may be taken beyond the limit, times the threads that do, times this.
 */
export const MEMORY_CHECK_MILLISECONDS = 25;

/** Milliseconds that an app may take to be loaded: its modules, and what it does before its first message. */
export const LOAD_MILLISECONDS = 60_000;

/** Models of an app that may be open for training at once; each has a thread of its own. */
export const MAX_TRAINERS = 16;

/** Most files that an app's folder may hold: all are looked at before the app is started. */
export const MAX_APP_FILES = 10_000;

/**
 * Longest text of a frame in bytes. What an app's process says is parsed in the thread that serves everyone: this much
 * of the worst, empty lists, takes some milliseconds. Records are not in the text but in the body, as columns.
 */
export const MAX_FRAME_TEXT_BYTES = { fromApp: 256 * 1024, toApp: 64 * 1024 ** 2 } as const;

/** Most bytes in a frame's body (protocol buffers: 2 GiB). */
export const MAX_FRAME_BODY_BYTES = 2 ** 31;

/** How deep the value in a frame's text may be nested: ours is 5 levels deep. */
export const MAX_DEPTH = 16;

/** Milliseconds for which frames of one app are read before others get a turn. */
export const TURN_MILLISECONDS = 5;

/** Bytes of an app's state that are copied at once: 1 to 3 ms. The rest waits for the next turn. */
export const COPY_PIECE_BYTES = 4 * 1024 ** 2;

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

/** Most entries of a list that an app posts to its own process. */
export const MAX_ENTRIES: number = RECORD_LIMITS.numbers;

/** Longest name of a record or an entry that an app replies, in characters. */
export const MAX_NAME_LENGTH = 4_096;

/** Longest text among the settings that an app replies, in characters. */
export const MAX_TEXT_LENGTH: number = RECORD_LIMITS.textBytes;

/** Most bytes of arrays and settings that an app may keep from one message to the next: the node keeps them for it. */
export const MAX_STATE_BYTES = 1024 ** 3;

/** Longest sentence about an error that is taken from an app, in characters, and most hints. */
export const MAX_SENTENCE_LENGTH = 8_192;
export const MAX_HINTS = 8;

/** Longest sentence about an error that the SuperLink may be told, in characters. */
export const MAX_TOLD_LENGTH = 512;

/** Longest hint that is taken from an app, in characters. */
export const MAX_HINT_LENGTH = 1_024;

/** Most dimensions of an array that an app replies. */
export const MAX_RANK = 64;

/** Longest line of an app's output that goes into the node's log, in characters; the rest is cut. */
export const MAX_LINE_LENGTH = 2_000;

/** Lines of an app's output that go into the node's log at once, and per second from then on. */
export const LOG_LINES = { burst: 200, perSecond: 20 } as const;

/** Bytes of an app's output that are read in a second; an app that writes more waits. */
export const OUTPUT_BYTES_PER_SECOND = 1024 ** 2;

/**
 * Most frames that may wait to be written by an app's process. Each of a ClientApp's answers a question, and one is asked
 * at a time; a ServerApp makes calls, as many at once as it likes within reason.
 */
export const MAX_QUEUED_FRAMES = { ClientApp: 16, ServerApp: 1024 } as const;
