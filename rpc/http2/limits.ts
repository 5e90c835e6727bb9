/** Bytes of a call's header block as it comes, over all its frames. Flower's heads have less than 1 KiB. */
export const MAX_HEADER_BLOCK_BYTES = 16 * 1024;

/** Bytes of a call's header fields once decoded: gRPC's own default. */
export const MAX_HEADER_LIST_BYTES = 8 * 1024;

/** Bytes that header blocks may refer to: HTTP/2's default. */
export const HEADER_TABLE_BYTES = 4096;

/** Bytes of a connection's reading buffer: at first, and the most while much comes. */
export const MIN_READ_BYTES = 2 * 1024;
export const MAX_READ_BYTES = 128 * 1024;

/** Bytes that are handed to the network at a time. */
export const WRITE_BATCH_BYTES = 128 * 1024;

/** Bytes of answers to control frames that may wait for a peer that does not read. */
export const MAX_CONTROL_BYTES = 32 * 1024;

/** Milliseconds that one connection is worked for before others get their turn. */
export const SLICE_MS = 2;

/**
 * Frames with little or no content (PING, SETTINGS, short DATA, resets, heads of calls) that one connection may send: at
 * once, and per second in the long run. `bytesEach` bytes of content, either way, allow one more, and a call that is
 * answered allows {@link FRAMES_PER_CALL} more, so that honest clients never run out.
 */
export const IDLE_FRAMES = { burst: 4000, perSecond: 100, bytesEach: 1024 } as const;

export const FRAMES_PER_CALL = 16;

/** As how many of them one counts that has to be answered: PING, SETTINGS. */
export const FRAMES_PER_QUESTION = 8;

/** Bytes of calls' heads that count as one such frame. */
export const HEADER_BYTES_PER_FRAME = 256;

/** Calls of one connection that are started before others get their turn. */
export const CALLS_PER_SLICE = 32;

/** Calls of one connection that are answered at a time before one was let in; others wait. */
export const STRANGERS_CALLS = 8;

/** Connections on which no call was let in yet that are worked for before everybody else has a turn. */
export const STRANGERS_PER_TURN = 2;

/** Milliseconds that a connection's last words may take. */
export const LAST_WORDS_MS = 1000;

/** Milliseconds that a client has to close a connection that it was asked to leave. */
export const FAREWELL_MS = 3000;

/** Seconds from the opening of a connection to its first call that is let in. */
export const STRANGER_SECONDS = 30;

/** Connections on which no call was let in yet: of one address, and in all. For one more the oldest is closed. */
export const MAX_STRANGERS_PER_ADDRESS = 256;
export const MAX_STRANGERS = 2048;

/** Connections in all. */
export const MAX_CONNECTIONS = 16_384;

/** Connections that one address may open: at once, and per second in the long run. Others are closed at once. */
export const OPENINGS = { burst: 500, perSecond: 200 } as const;

/** Refused calls of one address: at once, and per second in the long run. The connection of the next one is closed. */
export const REFUSALS = { burst: 3000, perSecond: 500 } as const;

/** Openings that an address loses for a connection that was closed for what it sent. */
export const OPENINGS_PER_OFFENCE = 10;

/** Addresses whose behaviour is remembered: the longest unused is forgotten. */
export const MAX_ADDRESSES = 10_000;

/** Milliseconds that a client has to agree on TLS. */
export const HANDSHAKE_MS = 10_000;

/** Milliseconds between two looks at connections that do nothing. */
export const SWEEP_MS = 5000;

/** Bytes of settings that count as one frame without content: a greeting has some sixty. */
export const SETTINGS_BYTES_PER_FRAME = 64;
