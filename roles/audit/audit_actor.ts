import type { AuditActor } from "./record.ts";
import type { AuditedApi } from "./audited_calls.ts";

/** An identified caller, for the audit log. */
export type KnownActor = Omit<AuditActor, "ip_address"> & {
  /** Whether an account or a known key stands behind it. */
  readonly isProven: boolean;
};

/** The account of everyone on a SuperLink without accounts, named as in open-source Flower. */
const NO_ACCOUNT = { actor_id: "<id:none>", description: "none", isProven: false } as const;

/** A caller that was not identified. */
export const UNKNOWN_ACTOR = { actor_id: null, description: "unknown" } as const;

/**
 * Who a caller is, from what the `authenticate` of its service returned: an account with `id` and `name`, alone or
 * as `account`, or a node with `nodeId` and `publicKey`.
 *
 * @param knownKeysOnly whether only nodes with registered or listed keys are admitted
 */
export function actorOf(api: AuditedApi, caller: unknown, knownKeysOnly: boolean): KnownActor {
  if (api === "control") {
    const { id, name } = fieldsOf(fieldsOf(caller)["account"] ?? caller);
    return typeof id === "string"
      ? { actor_id: id, description: typeof name === "string" ? name : id, isProven: true }
      : NO_ACCOUNT;
  }
  const { nodeId, publicKey } = fieldsOf(caller);
  const { fingerprint } = fieldsOf(publicKey);
  return {
    actor_id: typeof nodeId === "bigint" ? String(nodeId) : null,
    description: "SuperNode",
    ...(typeof fingerprint === "string" && { key: fingerprint }),
    isProven: knownKeysOnly,
  };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? value as Record<string, unknown> : {};
}
