import type { JournalContribution, JournalRecord, JournalShare } from "./journal.ts";
import { roundsOf, type RunPhase, type RunRound } from "./run_rounds.ts";

/** What a node contributed to a run. */
export interface NodeShare extends JournalContribution {
  readonly nodeId: bigint;
}

const NONE: JournalShare = { asked: 0, contributed: 0 };

/**
 * What each node contributed to a run: as the ServerApp reported it at the end of its strategies, or else counted from the
 * replies so far, those that were no errors as contributions. In ascending order of node id.
 *
 * @param records all records of one run, oldest first
 */
export function sharesOf(records: readonly JournalRecord[]): NodeShare[] {
  const shares = new Map<bigint, NodeShare>();
  const add = (share: NodeShare) => {
    const before = shares.get(share.nodeId);
    shares.set(share.nodeId, before === undefined ? share : sum(before, share));
  };
  for (const { kind, nodeId, data } of records) {
    if (kind === "node-contributed" && nodeId !== undefined) add({ nodeId, ...data });
  }
  if (shares.size === 0) { for (const round of roundsOf(records)) sharesIn(round).forEach(add); }
  return [...shares.values()].sort((a, b) => a.nodeId < b.nodeId ? -1 : 1);
}

/** What each node contributed to a round. */
function sharesIn({ round, train, evaluate }: RunRound): NodeShare[] {
  const nodeIds = new Set(
    [train, evaluate].flatMap((phase) => phase?.nodes ?? [])
      .map(({ nodeId }) => nodeId),
  );
  return [...nodeIds].map((nodeId) => {
    const both = { train: shareOf(train, nodeId), evaluate: shareOf(evaluate, nodeId) };
    const contributed = Math.max(both.train.contributed, both.evaluate.contributed);
    const phases = [evaluate, train].filter((phase) => phase !== undefined);
    const failed = phases.flatMap(({ phase, nodes }) =>
      nodes.filter((node) => node.nodeId === nodeId && node.error !== undefined)
        .map(({ error }) => ({ round, phase, reason: error!.reason }))
    );
    return {
      nodeId,
      asked: 1,
      contributed,
      ...both,
      ...(failed[0] !== undefined && { lastError: failed[0] }),
    };
  });
}

function shareOf(phase: RunPhase | undefined, nodeId: bigint): JournalShare {
  const own = phase?.nodes.filter((node) => node.nodeId === nodeId) ?? [];
  if (own.length === 0) return NONE;
  return { asked: 1, contributed: own.some(({ error }) => error === undefined) ? 1 : 0 };
}

function sum(one: NodeShare, other: NodeShare): NodeShare {
  const lastError = other.lastError ?? one.lastError;
  return {
    nodeId: one.nodeId,
    ...both(one, other),
    train: both(one.train, other.train),
    evaluate: both(one.evaluate, other.evaluate),
    ...(lastError !== undefined && { lastError }),
  };
}

function both(one: JournalShare, other: JournalShare): JournalShare {
  return {
    asked: one.asked + other.asked,
    contributed: one.contributed + other.contributed,
  };
}
