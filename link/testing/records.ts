import type { NodeRecord } from "../nodes/node_table.ts";
import type { RunRecord } from "../runs/run_table.ts";

/** A run that was started by hand, for tests. */
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
    lifeSign: "instructions",
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
    joins: 0,
    ...changes,
  };
}

/** A run of a ServerApp of Flower 1.9's wire, to be started. */
export const BY_HAND = { fabId: "", fabVersion: "", lifeSign: "instructions" } as const;
