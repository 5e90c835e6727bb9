/** Bytes of one message in each direction, for clients and servers: Flower 1.9's limit. grpc-js's default is 4 MiB. */
export const MAX_MESSAGE_BYTES = 512 * 1024 * 1024;

/**
 * What decoding one request may cost, in units of about 0.2 µs as `weigh` counts them, so 50 ms. Others have their turn in
 * between (`decode_in_turns.ts`). The tree of 50,000 objects takes 200,000. A model's arrays take a few each, whatever their size.
 */
export const MAX_REQUEST_UNITS = 250_000;

/**
 * The same limit for a request that announces a ServerApp's messages to all nodes at once, or asks for their replies,
 * because Python's ServerApps do that in one call: 3,000 messages with a network of 160 arrays. Use it only for
 * trusted callers.
 */
export const MAX_BATCH_REQUEST_UNITS = 4_000_000;

/** Largest body that counts as small, in bytes, in either direction: it uses no budget and never waits for one. */
export const SMALL_BODY_BYTES = 64 * 1024;

/**
 * Bytes of a body that must arrive per second after the initial grace period (`body_pace.ts`): a model of 20 MB has
 * 20 minutes, a silent caller only the grace period.
 */
export const MIN_BODY_BYTES_PER_SECOND = 16 * 1024;

/** Connections that a listener accepts before the event loop gets a turn. */
export const ACCEPTED_PER_TURN = 8;

/**
 * Receive window in bytes: how much a peer may send before the receiver asks for more. HTTP/2's default of 64 KiB
 * would limit a model to 1 MB/s at a round trip of 50 ms. A server's window is smaller, because any client can fill
 * it.
 */
export const CLIENT_WINDOW_BYTES = 4 * 1024 * 1024;
export const SERVER_WINDOW_BYTES = 1024 * 1024;

/** Milliseconds of silence after which a server pings its client (Flower's servers: 210 s). */
export const SERVER_KEEPALIVE_MS = 210_000;
/** Milliseconds that a peer has to answer a ping. */
export const KEEPALIVE_TIMEOUT_MS = 20_000;
/**
 * Milliseconds of silence after which a client pings, sooner than servers do: a dead connection under a long poll is
 * noticed within a minute. gRPC core's servers count pings as abuse only if they send nothing for minutes, which a
 * Flower server never does.
 */
export const CLIENT_KEEPALIVE_MS = 30_000;

/** Seconds that a client waits for a connection: TCP, TLS and HTTP/2 together. The system's own limit is minutes. */
export const CONNECT_TIMEOUT_SECONDS = 20;

/** Milliseconds for a probe of a server after a failed call. */
export const PROBE_TIMEOUT_MS = 5_000;
