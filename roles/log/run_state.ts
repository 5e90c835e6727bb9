import type { RunId } from "../../app/metadata.ts";
import { FlwrError } from "../../base/error.ts";
import type { ControlClient } from "../../rpc/dialects/current/client/control_client.ts";
import { type ShownRun, showRun } from "../output/runs.ts";

/** A run as it is now. @throws FlwrError as ControlClient.getRun */
export async function shownRun(control: ControlClient, runId: RunId): Promise<ShownRun> {
  const { run, now } = await control.getRun(runId);
  return showRun(run, now);
}

/** How a run stands, in one sentence. */
export function runState({ run, status }: ShownRun): string {
  const details = run.details === "" ? "" : `: ${run.details}`;
  return `Run ${run.runId} is ${status}${details}`;
}

/** @throws FlwrError "failed-precondition" for a run that has not come to its end by itself, and well */
export function requireCompleted(shown: ShownRun): void {
  if (shown.status === "finished:completed") return;
  throw new FlwrError("failed-precondition", runState(shown), {
    hints: [`All about it: flwr ls --run-id ${shown.run.runId}`],
  });
}
