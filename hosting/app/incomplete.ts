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
 * The prefix of a completed run's details when a node contributed to no training or to no evaluation. Flower's run
 * status has no value for it, so `flwr run --stream` recognises such a run by this prefix.
 */
const INCOMPLETE = "Incomplete: ";
/** Separates the first sentence of the details from the nodes' last errors. */
const LAST_ERROR = ". Last error of ";
/** Most nodes that the details name. */
const NODES_SHOWN = 3;
/** Names of the phases in the details. */
const PHASE_TEXT = { train: "training", evaluate: "evaluation" } as const;
/** Most characters that are shown of one node's error. */
const REASON_LENGTH = 200;

/**
 * A completed run in which a node contributed nothing to training or nothing to evaluation. It is thrown after the
 * run's summary is printed, and ends the command with an exit status of its own.
 */
export class IncompleteRun extends FlwrError {
  /** @param details as {@link incompleteDetails} gives them */
  constructor(runId: bigint, details: string, hints: readonly string[]) {
    // The summary, printed just above, has the nodes' errors.
    const [sentence] = details.split(LAST_ERROR);
    super("failed-precondition", `Run ${runId} completed. ${sentence}`, { hints });
  }
}

/**
 * The details of a run in which nodes contributed nothing to training or nothing to evaluation.
 *
 * @param runs the contributions of each strategy that the ServerApp ran
 * @param nodeOf returns a node's name in the details; default: "node" and its id
 * @returns "" if each node contributed at least once to each phase that it was asked for
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
  // A node that only trained lacks evaluation, so nodes are grouped by what they lack.
  const groups = Map.groupBy(silent, missingIn);
  const shown = [...groups.values()].flat().slice(0, NODES_SHOWN);
  const sentences = [...groups].map(([missing, nodes]) => {
    const named = nodes.filter((node) => shown.includes(node)).map((contribution) =>
      `${nodeOf(contribution.nodeId)} (${sharesText(contribution)})`
    );
    const text = `${nodes.length} of ${counted(all.size, "node")} contributed ${missing}`;
    if (named.length === 0) return text;
    const more = nodes.length - named.length;
    return `${text}: ${named.join(", ")}${more > 0 ? `, and ${more} more` : ""}`;
  });
  const reasons = shown.map(({ nodeId, lastFailure }) =>
    lastFailure === undefined
      ? ""
      : `${LAST_ERROR}${nodeOf(nodeId)}: ${lastFailure.reason.slice(0, REASON_LENGTH)}`
  );
  return `${INCOMPLETE}${sentences.join("; ")}${reasons.join("")}`;
}

/** What a node contributed: "nothing", or "nothing to evaluation" if some of its training counted. */
function missingIn(contribution: Contribution): string {
  if (contribution.contributed === 0) return "nothing";
  return `nothing to ${silentPhases(contribution).map((phase) => PHASE_TEXT[phase]).join(" and ")}`;
}

/** A node's share per phase: "trained in 0 of 3 rounds, evaluated in 3 of 3 rounds". */
export function sharesText({ train, evaluate, asked }: Contribution): string {
  const parts = [["trained", train], ["evaluated", evaluate]] as const;
  const shares = parts.filter(([, share]) => share.asked > 0).map(([verb, share]) =>
    `${verb} in ${share.contributed} of ${counted(share.asked, "round")}`
  );
  return shares.length > 0 ? shares.join(", ") : `answered in 0 of ${counted(asked, "round")}`;
}

/** The sum of a node's contributions to two strategies of one run. */
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

/** Whether the details of a completed run come from {@link incompleteDetails}. */
export function isIncomplete(details: string): boolean {
  return details.startsWith(INCOMPLETE);
}
