import type { RunId } from "../../../entities/metadata.ts";
import { FlwrError } from "../../../base/error.ts";
import { IncompleteRun } from "../../../hosting/app/incomplete.ts";
import type { ControlClient } from "../../../rpc/dialects/current/client/control_client.ts";
import { type ShownRun, showRun, statusText } from "../tables/runs.ts";

/** A run as it is now. @throws FlwrError as ControlClient.getRun */
export async function shownRun(control: ControlClient, runId: RunId): Promise<ShownRun> {
  const { run, now } = await control.getRun(runId);
  return showRun(run, now);
}

/** How a run stands, in one sentence. */
export function runState(shown: ShownRun): string {
  const { run } = shown;
  const details = run.details === "" ? "" : `: ${run.details}`;
  return `Run ${run.runId} is ${statusText(shown)}${details}`;
}

/**
 * @throws FlwrError "failed-precondition" for a run that did not complete, {@link IncompleteRun} for a completed run to
 *   which a node contributed nothing in training or in evaluation
 * @param where words of the command line that lead to the run's SuperLink, with a space before them
 */
export function requireCompleted(shown: ShownRun, where = ""): void {
  const { runId, details } = shown.run;
  const hints = [`All about it: flwr ls${where} --run-id ${runId}`];
  if (shown.status === "finished:completed") {
    if (shown.incomplete) throw new IncompleteRun(runId, details, hints);
    return;
  }
  throw new FlwrError("failed-precondition", runState(shown), { hints });
}
