import type { NodeId } from "../../entities/metadata.ts";
import {
  type Contribution,
  isSilent,
  type PhaseShare,
  silentPhases,
} from "../../app/contributions.ts";
import { FlwrError } from "../../base/error.ts";
import { counted } from "../../base/readable.ts";

/**
 * How the details of a completed run begin when a node is missing in training or in evaluation. Flower's run status
 * has no value for it, so `flwr run --stream` recognises the run by these words.
 */
const INCOMPLETE = "Incomplete: ";
/** Begins the sentence about a node's last error, which the details have after their first. */
const LAST_ERROR = ". Last error of ";
/** Nodes that a sentence names. */
const NODES_SHOWN = 3;
/** What a node did not contribute to, for people. */
const PHASE_TEXT = { train: "training", evaluate: "evaluation" } as const;
/** Characters of a reason that are shown per node. */
const REASON_LENGTH = 200;

/**
 * A completed run in which a node contributed nothing to training or nothing to evaluation, told after its summary.
 * Ends the command with its own exit status.
 */
export class IncompleteRun extends FlwrError {
  /** @param details as {@link incompleteDetails} gives them */
  constructor(runId: bigint, details: string, hints: readonly string[]) {
    // The reasons stand in the summary, just above.
    const [sentence] = details.split(LAST_ERROR);
    super("failed-precondition", `Run ${runId} completed. ${sentence}`, { hints });
  }
}

/**
 * The details of a run in which nodes contributed nothing to training, or nothing to evaluation, for people.
 *
 * @param runs the contributions of each strategy that the ServerApp ran
 * @param nodeOf what the details call a node; "node" and its id by default
 * @returns "" when each node contributed at least once to each thing that it was asked for
 */
export function incompleteDetails(
  runs: readonly (readonly Contribution[])[],
  nodeOf = (nodeId: NodeId) => `node ${nodeId}`,
): string {
  const all = new Map<bigint, Contribution>();
  for (const contribution of runs.flat()) {
    const before = all.get(contribution.nodeId);
    all.set(contribution.nodeId, before === undefined ? contribution : added(before, contribution));
  }
  const silent = [...all.values()].filter(isSilent);
  if (silent.length === 0) return "";
  // Groups by what is missing: a node that trained did not contribute nothing.
  const groups = Map.groupBy(silent, missingIn);
  const shown = [...groups.values()].flat().slice(0, NODES_SHOWN);
  const sentences = [...groups].map(([missing, nodes]) => {
    const named = nodes.filter((node) => shown.includes(node)).map((contribution) =>
      `${nodeOf(contribution.nodeId)} (${sharesText(contribution)})`
    );
    const told = `${nodes.length} of ${counted(all.size, "node")} contributed ${missing}`;
    if (named.length === 0) return told;
    const more = nodes.length - named.length;
    return `${told}: ${named.join(", ")}${more > 0 ? `, and ${more} more` : ""}`;
  });
  const reasons = shown.map(({ nodeId, lastFailure }) =>
    lastFailure === undefined
      ? ""
      : `${LAST_ERROR}${nodeOf(nodeId)}: ${lastFailure.reason.slice(0, REASON_LENGTH)}`
  );
  return `${INCOMPLETE}${sentences.join("; ")}${reasons.join("")}`;
}

/** What a node's contributions lack: "nothing", or "nothing to evaluation" where some of its training counted. */
function missingIn(contribution: Contribution): string {
  if (contribution.contributed === 0) return "nothing";
  return `nothing to ${silentPhases(contribution).map((phase) => PHASE_TEXT[phase]).join(" and ")}`;
}

/** "trained in 0 of 3 rounds, evaluated in 3 of 3 rounds": what a node was asked for, and how often its reply counted. */
export function sharesText({ train, evaluate, asked }: Contribution): string {
  const parts = [["trained", train], ["evaluated", evaluate]] as const;
  const told = parts.filter(([, share]) => share.asked > 0).map(([verb, share]) =>
    `${verb} in ${share.contributed} of ${counted(share.asked, "round")}`
  );
  return told.length > 0 ? told.join(", ") : `answered in 0 of ${counted(asked, "round")}`;
}

/** What a node contributed to two strategies of one run. */
function added(one: Contribution, other: Contribution): Contribution {
  const sum = (a: PhaseShare, b: PhaseShare) => ({
    asked: a.asked + b.asked,
    contributed: a.contributed + b.contributed,
  });
  return {
    nodeId: one.nodeId,
    ...sum(one, other),
    train: sum(one.train, other.train),
    evaluate: sum(one.evaluate, other.evaluate),
    lastFailure: other.lastFailure ?? one.lastFailure,
  };
}

/** Whether a completed run's details say that a node is missing in training or in evaluation. */
export function isIncomplete(details: string): boolean {
  return details.startsWith(INCOMPLETE);
}
