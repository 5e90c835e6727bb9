import type { NodeId } from "../entities/metadata.ts";
import type { Failure, PhaseName, PhaseRecord, RoundRecord } from "./result.ts";

/** Number of rounds in which a node was asked in a phase, and in which its reply was aggregated. */
export interface PhaseShare {
  /** Rounds in which the node was asked. */
  readonly asked: number;
  /** Rounds in which its reply went into the aggregate. */
  readonly contributed: number;
}

/** The contribution of one node to a run. */
export interface Contribution {
  /** The node's id. */
  readonly nodeId: NodeId;
  /** Rounds in which the node was asked to train or to evaluate. */
  readonly asked: number;
  /** Rounds in which at least one of its replies went into an aggregate. */
  readonly contributed: number;
  /** Its training. */
  readonly train: PhaseShare;
  /** Its evaluation. */
  readonly evaluate: PhaseShare;
  /** Its last failure, with the round and the phase; undefined when it had none. */
  readonly lastFailure?: Failure & { readonly round: number; readonly phase: PhaseName };
}

const NONE: PhaseShare = { asked: 0, contributed: 0 };

/**
 * The contribution of each node, in ascending order of node id.
 *
 * @param rounds the run's rounds, in order
 */
export function contributionsOf(rounds: readonly RoundRecord[]): Contribution[] {
  const nodes = new Map<NodeId, Contribution>();
  for (const { round, train, evaluate } of rounds) {
    const phases = [train, evaluate].filter((phase) => phase !== undefined);
    const failures = new Map(
      phases.flatMap(({ phase, failures }) =>
        failures.map((failure) => [failure.nodeId, { ...failure, round, phase }] as const)
      ),
    );
    // A reply can name a node that was not asked: it counts as a failure of that node.
    for (
      const nodeId of new Set([...phases.flatMap(({ nodeIds }) => nodeIds), ...failures.keys()])
    ) {
      const before = nodes.get(nodeId);
      const counted = phases.some(({ results }) => results.includes(nodeId));
      nodes.set(nodeId, {
        nodeId,
        asked: (before?.asked ?? 0) + 1,
        contributed: (before?.contributed ?? 0) + (counted ? 1 : 0),
        train: shareOf(nodeId, train, before?.train),
        evaluate: shareOf(nodeId, evaluate, before?.evaluate),
        lastFailure: failures.get(nodeId) ?? before?.lastFailure,
      });
    }
  }
  return [...nodes.values()].sort((a, b) => a.nodeId < b.nodeId ? -1 : a.nodeId > b.nodeId ? 1 : 0);
}

/**
 * Whether none of a node's replies to train, or none of its replies to evaluate, was aggregated although it was asked.
 */
export function isSilent(contribution: Contribution): boolean {
  const { asked, contributed } = contribution;
  return silentPhases(contribution).length > 0 || (asked > 0 && contributed === 0);
}

/** The phases in which a node was asked and none of its replies was aggregated. */
export function silentPhases({ train, evaluate }: Contribution): PhaseName[] {
  const phases = [["train", train], ["evaluate", evaluate]] as const;
  return phases.filter(([, share]) => share.asked > 0 && share.contributed === 0)
    .map(([phase]) => phase);
}

function shareOf(
  nodeId: NodeId,
  phase: PhaseRecord | undefined,
  before: PhaseShare = NONE,
): PhaseShare {
  return {
    asked: before.asked + (phase?.nodeIds.includes(nodeId) ? 1 : 0),
    contributed: before.contributed + (phase?.results.includes(nodeId) ? 1 : 0),
  };
}
