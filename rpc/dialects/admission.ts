/** Why a node's call is refused. */
export type DenialCode =
  /** The call names no public key, or one that cannot be read. */
  | "key-missing"
  | "key-invalid"
  /** The key is not admitted. */
  | "key-unknown"
  | "node-unregistered"
  /** The call is not signed, or not by the key; its time is too far off; its signature was used before, or perhaps. */
  | "signature-missing"
  | "signature-invalid"
  | "clock-off"
  | "replayed"
  | "perhaps-replayed"
  /** The caller is not what its request says. */
  | "other-key"
  | "other-node"
  | "not-joined"
  | "superseded"
  | "offline"
  /** The key joins too often. */
  | "joins-too-often";

/** What is wrong with a node's call. */
export interface DenialFault {
  readonly code: DenialCode;
  /** The reason for the log, which the caller does not see. */
  readonly reason: string;
}

/** A refused call of a node, for the log. */
export interface NodeDenial extends DenialFault {
  readonly method: string;
  readonly peer: string;
  /** The key's fingerprint, if the caller sent a readable key. */
  readonly fingerprint: string | undefined;
}

/**
 * Explains why a SuperLink does not admit a node's key. This is the complete rule, for every Flower version: a key is
 * admitted if it is listed or was registered by the SuperLink's owner, until its node is unregistered, which is
 * permanent.
 *
 * @param node the key's node, if it has one
 * @param listed whether the key is in the SuperLink's list; true if the SuperLink admits every key
 * @returns what is wrong; undefined if the key is admitted
 */
export function admissionFault(
  node: { readonly state: string; readonly registeredBy: "owner" | "self" } | undefined,
  listed: boolean,
): DenialFault | undefined {
  if (node?.state === "unregistered") {
    return { code: "node-unregistered", reason: "the node was unregistered" };
  }
  if (listed || node?.registeredBy === "owner") return undefined;
  return { code: "key-unknown", reason: "the key is neither listed nor registered" };
}
