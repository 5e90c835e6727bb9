import { FlwrError } from "../../../base/error.ts";
import { NodeLabels } from "../../../base/node_labels.ts";
import type { RunId } from "../../../entities/metadata.ts";
import { roundsOf } from "../../../entities/run_rounds.ts";
import type { ControlClient } from "../../../rpc/dialects/current/client/control_client.ts";
import { type MetricRow, metricRows } from "./metric_rows.ts";

/** The numbers of a run, with the names of its nodes. */
export interface RunMetrics {
  readonly rows: readonly MetricRow[];
  readonly labels: NodeLabels;
}

/** Reads the numbers of a run. @throws FlwrError "unimplemented" if the SuperLink keeps none; "not-found" */
export async function readMetrics(
  control: Pick<ControlClient, "runEvents" | "listNodes">,
  runId: RunId,
): Promise<RunMetrics> {
  const records = await control.runEvents(runId);
  if (records === undefined) {
    throw new FlwrError("unimplemented", "The SuperLink keeps no metrics of runs", {
      hints: ["Update the SuperLink. Flower's own SuperLinks keep none"],
    });
  }
  const labels = new NodeLabels();
  for (const { nodeId, name } of (await control.listNodes()).items) labels.set(nodeId, name);
  return { rows: metricRows(roundsOf(records)), labels };
}
