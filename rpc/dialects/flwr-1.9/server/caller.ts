import type { PublicKey } from "../../../../auth/public_key.ts";

/** Caller of the Fleet service. */
export interface FleetCaller {
  /** The authenticated key, or at CreateNode the claimed one; undefined if the SuperLink admits everyone. */
  readonly publicKey?: PublicKey;
  /** Aborted when the key is removed from the list during the call. */
  readonly revoked: AbortSignal;
}
