/** Bytes of one message, each way, both ends: what Flower 1.9 allows. grpc-js would stop at 4 MiB. */
export const MAX_MESSAGE_BYTES = 512 * 1024 * 1024;

/**
 * What decoding one request may cost, in units of about 0.2 µs as `weigh` counts them, so 50 ms. Others have their turn in
 * between (`decode_in_turns.ts`). The tree of 50,000 objects takes 200,000. A model's arrays take a few each, whatever their size.
 */
export const MAX_REQUEST_UNITS = 250_000;

/**
 * The same for a request that announces a ServerApp's messages to all nodes at once, or asks for their replies: Python's
 * ServerApps make one call of it. 3,000 messages of a network with 160 arrays. Not for callers that are not trusted.
 */
export const MAX_BATCH_REQUEST_UNITS = 4_000_000;

/** Bytes of a body, either way, up to which it counts as small: it takes nothing of the budget and never waits for it. */
export const SMALL_BODY_BYTES = 64 * 1024;

/**
 * Bytes of a body that have to arrive in each second beyond the time that any body has (`body_pace.ts`): a model of 20 MB has
 * 20 minutes, a silent caller none.
 */
export const MIN_BODY_BYTES_PER_SECOND = 16 * 1024;

/** Connections that a listener accepts before everything else gets its turn. */
export const ACCEPTED_PER_TURN = 8;

/**
 * Bytes on their way to a receiver before it has to say that it wants more. HTTP/2's default of 64 KiB would hold a
 * model down to 1 MB/s where a round trip takes 50 ms. Servers offer less: a stranger's connection can fill it.
 */
export const CLIENT_WINDOW_BYTES = 4 * 1024 * 1024;
export const SERVER_WINDOW_BYTES = 1024 * 1024;

/** Milliseconds after which a silent connection is asked whether it still lives (Flower's servers: 210 s). */
export const SERVER_KEEPALIVE_MS = 210_000;
/** Milliseconds that a peer has for its answer to that. */
export const KEEPALIVE_TIMEOUT_MS = 20_000;
/** Clients ask sooner than servers: a held call over a dead connection is noticed within a minute. Servers of gRPC
 * core count pings as abuse only while they send nothing for minutes, which a Flower server never does. */
export const CLIENT_KEEPALIVE_MS = 30_000;

/** Seconds that a client waits for a connection: TCP, TLS and HTTP/2 together. The system would wait for minutes. */
export const CONNECT_TIMEOUT_SECONDS = 20;

/** Milliseconds for a look at a server that could not be called. */
export const PROBE_TIMEOUT_MS = 5_000;
