import type { AuditRecord } from "./record.ts";

/**
 * Actions of the log's own records:
 *
 * - Started, Stopped: the SuperLink began or ended to write.
 * - Reopened: the file was moved away, and the log goes on in a new one.
 * - Torn: the previous line is incomplete, because the SuperLink was killed while it wrote it. `bytes` and `sha256`
 *   describe what is there of it.
 * - Omitted: this number of calls is not listed, because a limit of records per minute was reached.
 * - Resumed: records could not be written for some time. `refused` acts were refused meanwhile, and the outcomes of
 *   `lost` others are missing.
 */
export const OWN_ACTIONS = {
  started: "AuditLog.Started",
  stopped: "AuditLog.Stopped",
  reopened: "AuditLog.Reopened",
  torn: "AuditLog.Torn",
  omitted: "AuditLog.Omitted",
  resumed: "AuditLog.Resumed",
} as const;

/** A record of the log about itself. @param now Unix time in seconds */
export function ownRecord(
  kind: keyof typeof OWN_ACTIONS,
  now: number,
  detail: Readonly<Record<string, string | number>> = {},
): AuditRecord {
  return {
    timestamp: timestampOf(now),
    actor: { actor_id: null, description: "SuperLink", ip_address: null },
    event: { action: OWN_ACTIONS[kind], run_id: null, fab_hash: null },
    status: "completed",
    ...(Object.keys(detail).length > 0 && { detail }),
  };
}

/** A time in RFC 3339, UTC. @param now Unix time in seconds */
export function timestampOf(now: number): string {
  return new Date(now * 1000).toISOString();
}
