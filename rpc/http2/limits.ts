/** Bytes of a call's encoded header block, over all its frames. Flower's have less than 1 KiB. */
export const MAX_HEADER_BLOCK_BYTES = 16 * 1024;

/** Bytes of a call's decoded header fields: gRPC's own default. */
export const MAX_HEADER_LIST_BYTES = 8 * 1024;

/** Bytes of HPACK's dynamic table: HTTP/2's default. */
export const HEADER_TABLE_BYTES = 4096;

/** Bytes of a connection's read buffer: initially, and at most while much data arrives. */
export const MIN_READ_BYTES = 2 * 1024;
export const MAX_READ_BYTES = 128 * 1024;

/** Bytes that are handed to the network at a time. */
export const WRITE_BATCH_BYTES = 128 * 1024;

/** Bytes of answers to control frames that may wait for a peer that does not read. */
export const MAX_CONTROL_BYTES = 32 * 1024;

/** Milliseconds that one connection is served before others get a turn. */
export const SLICE_MS = 2;

/**
 * Frames with little or no content (PING, SETTINGS, short DATA, resets, headers of calls) that one connection may
 * send: in a burst, and per second in the long run. Every `bytesEach` bytes of content, in either direction, earn one
 * more, and an answered call earns {@link FRAMES_PER_CALL}, so honest clients never run out.
 */
export const IDLE_FRAMES = { burst: 4000, perSecond: 100, bytesEach: 1024 } as const;

export const FRAMES_PER_CALL = 16;

/** Weight of a frame that requires an answer (PING, SETTINGS), in frames without content. */
export const FRAMES_PER_ANSWERED_FRAME = 8;

/** Bytes of header blocks that count as one frame without content. */
export const HEADER_BYTES_PER_FRAME = 256;

/** Calls of one connection that are started before other connections get a turn. */
export const CALLS_PER_SLICE = 32;

/** Calls of one connection that run at the same time before one is admitted; the others wait. */
export const STRANGERS_CALLS = 8;

/** Connections without an admitted call that are served per turn of the event loop. */
export const STRANGERS_PER_TURN = 2;

/** Milliseconds to flush a connection's pending frames before it is closed. */
export const FLUSH_MS = 1000;

/** Milliseconds that a client has to close a draining connection. */
export const DRAIN_MS = 3000;

/** Seconds from the start of a connection to its first admitted call. */
export const STRANGER_SECONDS = 30;

/** Connections without an admitted call: of one address, and in total. The oldest is closed for a new one. */
export const MAX_STRANGERS_PER_ADDRESS = 256;
export const MAX_STRANGERS = 2048;

/** Connections in total. */
export const MAX_CONNECTIONS = 16_384;

/**
 * Connections that one address may open: in a burst, and per second in the long run. Further ones are closed
 * immediately.
 */
export const OPENINGS = { burst: 500, perSecond: 200 } as const;

/**
 * Refused calls of one address: in a burst, and per second in the long run. Beyond that, a refusal closes the
 * connection.
 */
export const REFUSALS = { burst: 3000, perSecond: 500 } as const;

/** Openings that an address loses if a connection is closed for an offence. */
export const OPENINGS_PER_OFFENCE = 10;

/** Addresses whose rates are remembered; the least recently used is forgotten. */
export const MAX_ADDRESSES = 10_000;

/** Milliseconds for a TLS handshake. */
export const HANDSHAKE_MS = 10_000;

/** Milliseconds between checks for idle connections. */
export const SWEEP_MS = 5000;

/** Bytes of settings that count as one frame without content: a client's first SETTINGS have about sixty. */
export const SETTINGS_BYTES_PER_FRAME = 64;
