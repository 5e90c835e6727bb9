import { identityFor } from "../../../../secagg/signed/testing/group.ts";
import type { NodeId } from "../../../../entities/metadata.ts";
import type { RegisteredKey } from "../../../context.ts";

/** Registered keys of nodes that trust one another, in run 7. */
export async function trustedIdentities(
  ids: readonly NodeId[],
): Promise<Map<NodeId, RegisteredKey>> {
  const made = await Promise.all(ids.map(async (id) => [id, await identityFor(id)] as const));
  const trustedKeys = made.map(([, { publicKey }]) => publicKey);
  return new Map(made.map(([id, { publicKey, sign }]) => [id, { publicKey, trustedKeys, sign }]));
}
