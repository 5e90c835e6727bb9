import type { PublicKey } from "../../../../auth/public_key.ts";

/** Who makes a call of the Fleet API. */
export interface NodeCaller {
  /** The key that signed. */
  readonly publicKey: PublicKey;
  /** The node that belongs to the key; undefined in calls by which it may become one. */
  readonly nodeId?: bigint;
  /** How that node takes its messages, as far as it has shown: LinkNode.wire. */
  readonly wire?: string;
  /** Notes that the node has joined: its calls in an earlier session are refused from now on. */
  readonly joined: (nodeId: bigint) => void;
  /** Aborted when the key is removed from the SuperLink's list while the call is held. */
  readonly revoked: AbortSignal;
}
