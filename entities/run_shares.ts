import type { JournalRecord } from "./journal.ts";
import { roundsOf, type RunPhase } from "./run_rounds.ts";

/** What a node contributed to a run. */
export interface NodeShare {
  readonly nodeId: bigint;
  /** Number of rounds in which it was asked. */
  asked: number;
  /** Number of rounds in which at least one of its replies could be used. */
  contributed: number;
  /** Its last error, and the round. */
  lastError?: { readonly round: number; readonly reason: string };
}

/**
 * What each node contributed to a run: as the ServerApp reported it at the end of its strategies, or else counted from the
 * replies so far, those that were no errors as contributions. In ascending order of node id.
 *
 * @param records all records of one run, oldest first
 */
export function sharesOf(records: readonly JournalRecord[]): NodeShare[] {
  const shares = new Map<bigint, NodeShare>();
  const shareOf = (nodeId: bigint): NodeShare => {
    const known = shares.get(nodeId);
    if (known !== undefined) return known;
    const share = { nodeId, asked: 0, contributed: 0 };
    shares.set(nodeId, share);
    return share;
  };
  for (const { kind, nodeId, data } of records) {
    if (kind !== "node-contributed" || nodeId === undefined) continue;
    const share = shareOf(nodeId);
    share.asked += data.asked;
    share.contributed += data.contributed;
    if (data.lastError !== undefined) share.lastError = data.lastError;
  }
  if (shares.size === 0) {
    for (const { round, train, evaluate } of roundsOf(records)) {
      const parts = [train, evaluate].filter((phase) => phase !== undefined).flatMap(partsOf);
      for (const [nodeId, own] of Map.groupBy(parts, ({ nodeId }) => nodeId)) {
        const share = shareOf(nodeId);
        share.asked++;
        if (own.some(({ error }) => error === undefined)) share.contributed++;
        const failed = own.findLast(({ error }) => error !== undefined);
        if (failed !== undefined) share.lastError = { round, reason: failed.error!.reason };
      }
    }
  }
  return [...shares.values()].sort((a, b) => a.nodeId < b.nodeId ? -1 : 1);
}

function partsOf({ nodes }: RunPhase): RunPhase["nodes"] {
  return nodes;
}
