import type { PublicKey } from "../../../../auth/public_key.ts";

/** Who makes a Fleet call. */
export interface FleetCaller {
  /** The key that was proven, or, at CreateNode, named; undefined where the SuperLink admits everyone. */
  readonly publicKey?: PublicKey;
  /** Aborted when the key is removed from the list while the call is held. */
  readonly revoked: AbortSignal;
}
