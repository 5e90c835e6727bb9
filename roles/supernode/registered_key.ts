import type { RegisteredKey } from "../../app/context.ts";
import { roundKeysStatement } from "../../auth/round_keys_statement.ts";
import { log } from "../../base/log.ts";
import type { NodeId, RunId } from "../../entities/metadata.ts";
import type { SuperNodeConfig } from "./config.ts";

/** The node's registered key, as the apps of one run may use it. */
export type KeyForApps = (runId: RunId, nodeId: NodeId) => RegisteredKey;

/**
 * Lets apps use the node's registered key for secure aggregation, and for nothing else. What is signed is made here, of
 * the run, the node and 32 bytes from the app. So a signature cannot be one of a call to the SuperLink, or hold in
 * another run.
 *
 * @returns undefined for a node without a key
 */
export function keyForApps(
  { identity, trustedNodeKeys }: Pick<SuperNodeConfig, "identity" | "trustedNodeKeys">,
): KeyForApps | undefined {
  if (identity === undefined) return undefined;
  const { key } = identity;
  return (runId, nodeId) => ({
    publicKey: key.publicKey.spki,
    ...(trustedNodeKeys && { trustedKeys: trustedNodeKeys }),
    async sign(digest) {
      const signature = await key.sign(roundKeysStatement(runId, nodeId, digest));
      log("supernode").debug("Run {runId}: signed this node's keys for secure aggregation", {
        runId,
      });
      return signature;
    },
  });
}
