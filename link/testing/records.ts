import type { NodeRecord } from "../nodes/node_table.ts";
import type { RunRecord } from "../runs/run_table.ts";

/** A self-started run for tests. */
export function runRecord(changes: Partial<RunRecord> = {}): RunRecord {
  return {
    runId: 3n,
    fabId: "",
    fabVersion: "",
    fabHash: "",
    overrideConfig: {},
    federation: "@none/default",
    seriesId: 4n,
    taskId: 5n,
    state: "running",
    details: "",
    pendingAt: 1_800_000_000,
    bytesSent: 0,
    bytesReceived: 0,
    clientAppSeconds: 0,
    ...changes,
  };
}

/** A node for tests, online until 1_800_000_030. */
export function nodeRecord(changes: Partial<NodeRecord> = {}): NodeRecord {
  return {
    nodeId: 9n,
    state: "online",
    onlineUntil: 1_800_000_030,
    heartbeatInterval: 30,
    registeredBy: "self",
    registeredAt: 1_700_000_000,
    ...changes,
  };
}
