import type { PublicKey } from "../../../../auth/public_key.ts";

/** Caller of the Fleet API. */
export interface NodeCaller {
  /** The key that signed the call. */
  readonly publicKey: PublicKey;
  /** The key's node; undefined in calls by which a node joins. */
  readonly nodeId?: bigint;
  /** How that node receives its messages, if known: LinkNode.wire. */
  readonly wire?: string;
  /** Session of the calling program, as in LinkNode: empty if it names none. */
  readonly session: string;
  /** Aborted when the key is removed from the SuperLink's list during the call. */
  readonly revoked: AbortSignal;
}
