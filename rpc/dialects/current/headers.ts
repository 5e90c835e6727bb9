/**
 * Headers that authenticate a Fleet API call since Flower 1.15, by the names that `headerBytes` accepts: over gRPC as
 * metadata with "-bin", over HTTP in base64.
 */
export const PUBLIC_KEY_HEADER = "flwr-public-key";
export const SIGNATURE_HEADER = "flwr-signature";

/**
 * Random id of one of our SuperNodes' sessions, which distinguishes two programs with the same copied key. Not part
 * of Flower: its programs neither send nor read it.
 */
export const SESSION_HEADER = "flwr-node-session";

/** A session's id: 128 random bits in hexadecimal. */
export const SESSION_PATTERN = /^[0-9a-f]{32}$/;

/** The signed time, as text over gRPC and HTTP. */
export const TIMESTAMP_HEADER = "flwr-timestamp";

/** Header that identifies a Runtime API process by its task; it must occur once. */
export const TASK_TOKEN_HEADER = "flwr-task-token";

/** Header with the token of a run's simulation workers. Not part of Flower. */
export const WORKER_TOKEN_HEADER = "flwr-simulation-token";
