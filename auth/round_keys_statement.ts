import { joinBytes } from "../base/bytes.ts";
import { FlwrError } from "../base/error.ts";

/** Bytes of a digest of a node's keys for a round. */
export const ROUND_KEYS_DIGEST_BYTES = 32;

/** What the statement begins with. No other text that keys of nodes sign begins so: a signed time begins with a digit. */
const PREFIX = new TextEncoder().encode("flwr secure aggregation 1: keys of a node for a round\0");

/**
 * What a node's registered key signs for secure aggregation, and all that it signs for it. The node's program makes it:
 * an app chooses the digest alone, so that a signature holds for one run and one node, and is never one of a call.
 *
 * @param digest SHA-256 of the keys that the node makes for a round
 * @throws FlwrError "invalid-argument" for anything but 32 bytes
 */
export function roundKeysStatement(
  runId: bigint,
  nodeId: bigint,
  digest: Uint8Array,
): Uint8Array<ArrayBuffer> {
  // It comes from an app, whose types nobody checked: a text of 32 characters has that length, too.
  if (!(digest instanceof Uint8Array) || digest.length !== ROUND_KEYS_DIGEST_BYTES) {
    throw new FlwrError(
      "invalid-argument",
      `A digest of round keys is an array of ${ROUND_KEYS_DIGEST_BYTES} bytes`,
    );
  }
  const ids = new Uint8Array(16);
  const view = new DataView(ids.buffer);
  view.setBigUint64(0, runId);
  view.setBigUint64(8, nodeId);
  return joinBytes([PREFIX, ids, digest]);
}
