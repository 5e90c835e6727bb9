import { NodeLabels } from "../../../base/node_labels.ts";
import { sharesOf } from "../../../entities/run_shares.ts";
import { incompleteDetails } from "../../../hosting/app/incomplete.ts";
import type { ControlClient } from "../../../rpc/dialects/current/client/control_client.ts";
import type { RunSummary } from "../../../rpc/dialects/current/client/control_summaries.ts";

/**
 * Adds details to a completed run in which a node contributed nothing, if its app has not said so: Python's ServerApps say
 * nothing of their nodes. What is known then are the replies.
 */
export async function withMissingNodes(
  control: Pick<ControlClient, "runEvents" | "listNodes">,
  run: RunSummary,
): Promise<RunSummary> {
  if (run.subStatus !== "completed" || run.details !== "") return run;
  // An extra, which SuperLinks of Flower refuse in several ways.
  const records = await control.runEvents(run.runId).catch(() => undefined);
  if (records === undefined || records.some(({ kind }) => kind === "strategy-started")) return run;
  const contributions = sharesOf(records).map(({ lastError, ...share }) => ({
    ...share,
    ...(lastError !== undefined && { lastFailure: { nodeId: share.nodeId, ...lastError } }),
  }));
  if (incompleteDetails([contributions]) === "") return run;
  const labels = new NodeLabels();
  for (const { nodeId, name } of (await control.listNodes()).items) labels.set(nodeId, name);
  const details = incompleteDetails([contributions], (nodeId) => `node ${labels.of(nodeId)}`);
  return { ...run, details };
}
