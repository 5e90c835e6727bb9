/**
 * The headers that authenticate a call of the Fleet API since Flower 1.15, by the names under which `headerBytes` finds
 * them: over gRPC as metadata with "-bin", over HTTP in base64.
 */
export const PUBLIC_KEY_HEADER = "flwr-public-key";
export const SIGNATURE_HEADER = "flwr-signature";

/**
 * A random text by which a SuperNode of ours names its session, so that two programs with a copied key are told apart.
 * Not Flower's: its programs send none and ignore it.
 */
export const SESSION_HEADER = "flwr-node-session";

/** Characters of a session's name: 128 random bits in base 16. */
export const SESSION_PATTERN = /^[0-9a-f]{32}$/;

/** The signed time, as text on both wires. */
export const TIMESTAMP_HEADER = "flwr-timestamp";

/** The header by which a process says which task of the Runtime API it works on; it comes once. */
export const TASK_TOKEN_HEADER = "flwr-task-token";
