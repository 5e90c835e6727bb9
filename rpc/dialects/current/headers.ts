/**
 * The headers that authenticate a call of the Fleet API since Flower 1.15, by the names under which `headerBytes` finds
 * them: over gRPC as metadata with "-bin", over HTTP in base64.
 */
export const PUBLIC_KEY_HEADER = "flwr-public-key";
export const SIGNATURE_HEADER = "flwr-signature";

/** The signed time, as text on both wires. */
export const TIMESTAMP_HEADER = "flwr-timestamp";
