import type { NodeId } from "../metadata.ts";
import type { Failure, PhaseName, RoundRecord } from "./result.ts";

/** What one node contributed to a run. */
export interface Contribution {
  /** The node's id. */
  readonly nodeId: NodeId;
  /** Rounds in which the node was asked to train or to evaluate. */
  readonly asked: number;
  /** Rounds in which at least one of its replies went into an aggregate. */
  readonly contributed: number;
  /** Its last failure, with the round and the phase; undefined when it had none. */
  readonly lastFailure?: Failure & { readonly round: number; readonly phase: PhaseName };
}

/**
 * Sums up what each node contributed, in ascending order of node id.
 *
 * @param rounds the run's rounds, in order
 */
export function contributionsOf(rounds: readonly RoundRecord[]): Contribution[] {
  const nodes = new Map<NodeId, Contribution>();
  for (const { round, train, evaluate } of rounds) {
    const phases = [train, evaluate].filter((phase) => phase !== undefined);
    const results = new Set(phases.flatMap(({ results }) => results));
    const failures = new Map(
      phases.flatMap(({ phase, failures }) =>
        failures.map((failure) => [failure.nodeId, { ...failure, round, phase }] as const)
      ),
    );
    // A reply may name a node that was not asked: it counts as a failure of that node.
    for (
      const nodeId of new Set([...phases.flatMap(({ nodeIds }) => nodeIds), ...failures.keys()])
    ) {
      const before = nodes.get(nodeId);
      nodes.set(nodeId, {
        nodeId,
        asked: (before?.asked ?? 0) + 1,
        contributed: (before?.contributed ?? 0) + (results.has(nodeId) ? 1 : 0),
        lastFailure: failures.get(nodeId) ?? before?.lastFailure,
      });
    }
  }
  return [...nodes.values()].sort((a, b) => a.nodeId < b.nodeId ? -1 : a.nodeId > b.nodeId ? 1 : 0);
}
