/** Bytes of one message, each way, both ends: what Flower 1.9 allows. grpc-js would stop at 4 MiB. */
export const MAX_MESSAGE_BYTES = 512 * 1024 * 1024;

/**
 * What decoding one request may cost, in units of about 0.2 µs as `weigh` counts them, so 50 ms: nobody else is answered
 * meanwhile. The tree of 50,000 objects takes 200,000. A model's arrays take a few each, whatever their size.
 */
export const MAX_REQUEST_UNITS = 250_000;

/**
 * The same for a request that announces a ServerApp's messages to all nodes at once, or asks for their replies: Python's
 * ServerApps make one call of it. 3,000 messages of a network with 160 arrays. Not for callers that are not trusted.
 */
export const MAX_BATCH_REQUEST_UNITS = 4_000_000;

/** Bytes of a batch that are decoded before others have their turn: some 10 ms, of trees as of empty fields. */
export const DECODED_BYTES_PER_TURN = 128 * 1024;

/** Bytes of a body, either way, up to which it counts as small: it takes nothing of the budget and never waits for it. */
export const SMALL_BODY_BYTES = 64 * 1024;

/**
 * Bytes of large bodies that servers read at the same time, and as many again of large answers that they send: four of
 * Flower's chunks of 5 MiB, and room for smaller ones. More of them keep no core busier, but each is in memory several
 * times while it is under way.
 */
export const BUDGET_BYTES = 24 * 1024 * 1024;

/** Seconds after which a body under way counts as slow: a chunk on a line of 40 Mbit/s takes as long. */
export const SLOW_AFTER_SECONDS = 1;

/** Bytes of slow bodies, each way, beside the budget: fifty lines may be slow, or stand still, before others wait. */
export const SLOW_BUDGET_BYTES = 256 * 1024 * 1024;

/** Seconds that a large body waits for its turn. Flower's HTTP clients give up at 30 s; "unavailable" has them try again. */
export const BUDGET_PATIENCE_SECONDS = 20;

/** Bytes of a large answer that are handed to the network at a time: TLS keeps a copy of what is not yet sent. */
export const ANSWER_PIECE_BYTES = 256 * 1024;

/** Seconds that any request's body may take, on either wire. */
export const BODY_GRACE_SECONDS = 30;

/** Bytes that have to arrive in each second after that: a model of 20 MB has 20 minutes, a silent caller none. */
export const MIN_BODY_BYTES_PER_SECOND = 16 * 1024;

/** Connections that a listener accepts before everything else gets its turn. */
export const ACCEPTED_PER_TURN = 8;

/** Calls that one connection may have open at a time: a SuperNode needs three, a proxy in front of many needs more. */
export const MAX_CONCURRENT_STREAMS = 1000;

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

/** Milliseconds without a call after which a server closes a connection. A SuperNode pings every 20 s. */
export const MAX_CONNECTION_IDLE_MS = 30 * 60_000;

/** Seconds that a client waits for a connection: TCP, TLS and HTTP/2 together. The system would wait for minutes. */
export const CONNECT_TIMEOUT_SECONDS = 20;

/** Seconds of the longest wait between two tries. */
export const MAX_RETRY_WAIT_SECONDS = 20;

/** Milliseconds for a look at a server that could not be called. */
export const PROBE_TIMEOUT_MS = 5_000;

/** Milliseconds after a closing server's grace that its connections have to end on their own account. */
export const LINGER_MS = 2000;

/** Least and most milliseconds that a server of HTTP/2 has to speak first, before it is taken for one of HTTP/1. */
const SERVER_SPEAKS_FIRST_MS = { least: 25, most: 300 } as const;

/**
 * Milliseconds that a server of HTTP/2 has to speak first. Its first frame is on its way when it hears that the client
 * is connected: one way there and one back, so twice the time that connecting took leaves it as much again. A server
 * that was slow to speak is asked as if it spoke HTTP/1, and told by its first frame all the same.
 *
 * @param connectMs how long it took to connect
 */
export function serverSpeaksFirstMs(connectMs: number): number {
  const { least, most } = SERVER_SPEAKS_FIRST_MS;
  return Math.min(most, least + 2 * connectMs);
}
