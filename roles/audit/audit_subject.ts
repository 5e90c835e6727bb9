import { sha256 } from "../../base/platform.ts";
import type { AuditEvent } from "./record.ts";

/** What a request or response is about: a run, a node, a submitted app. */
export type AuditSubject = Omit<AuditEvent, "action">;

/** Reads the ids from a request of any version. Computes the hash of a submitted bundle, as the SuperLink does. */
export async function subjectOf(request: unknown): Promise<AuditSubject> {
  const content = fieldsOf(fieldsOf(request)["fab"])["content"];
  const bundle = content instanceof Uint8Array && content.length > 0 ? content : undefined;
  return {
    ...idsOf(request),
    fab_hash: bundle === undefined ? null : (await sha256(bundle)).toHex(),
  };
}

/** The subject of an act that has ended. Its response may name the run or node that it created. */
export function subjectAfter(before: AuditSubject, response: unknown): AuditSubject {
  const { run_id, node_id } = idsOf(response);
  return {
    ...before,
    ...(run_id !== null && { run_id }),
    ...(node_id !== undefined && { node_id }),
  };
}

function idsOf(message: unknown): AuditSubject {
  const { runId, nodeId, node } = fieldsOf(message);
  const run = idOf(runId);
  const ofNode = idOf(nodeId) ?? idOf(fieldsOf(node)["nodeId"]);
  return {
    run_id: run ?? null,
    fab_hash: null,
    ...(ofNode !== undefined && { node_id: ofNode }),
  };
}

/** An id as text; undefined for 0, which stands for none. */
function idOf(value: unknown): string | undefined {
  return typeof value === "bigint" && value !== 0n ? String(value) : undefined;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? value as Record<string, unknown> : {};
}
