import type { RunId } from "../../../entities/metadata.ts";
import { FlwrError } from "../../../base/error.ts";
import { IncompleteRun } from "../../../hosting/app/incomplete.ts";
import type { ControlClient } from "../../../rpc/dialects/current/client/control_client.ts";
import { withMissingNodes } from "./incomplete_run.ts";
import { type ShownRun, showRun, statusText } from "../tables/runs.ts";

/** Fetches a run's current state. @throws FlwrError as ControlClient.getRun */
export async function shownRun(control: ControlClient, runId: RunId): Promise<ShownRun> {
  const { run, now } = await control.getRun(runId);
  return showRun(await withMissingNodes(control, run), now);
}

/** Describes a run's state in one sentence. */
export function runState(shown: ShownRun): string {
  const { run } = shown;
  const details = run.details === "" ? "" : `: ${run.details}`;
  return `Run ${run.runId} is ${statusText(shown)}${details}`;
}

/**
 * Checks that a run completed with contributions of all nodes.
 *
 * @param where command line words that select the run's SuperLink, with a leading space
 * @throws FlwrError "failed-precondition" for a run that did not complete, {@link IncompleteRun} for a completed run in
 *   which a node contributed nothing to training or to evaluation
 */
export function requireCompleted(shown: ShownRun, where = ""): void {
  const { runId, details } = shown.run;
  const hints = [`For details, run: flwr ls${where} --run-id ${runId}`];
  if (shown.status === "finished:completed") {
    if (shown.incomplete) throw new IncompleteRun(runId, details, hints);
    return;
  }
  throw new FlwrError("failed-precondition", runState(shown), { hints });
}

/** The error of a command whose runs all completed, but not all nodes contributed to each. It has an exit status of its own. */
export function incompleteRun(runId: RunId, details: string, hints: readonly string[]): FlwrError {
  return new IncompleteRun(runId, details, hints);
}
