import { join } from "node:path";
import { FlwrError } from "../../../base/error.ts";
import type { NodeLabels } from "../../../base/node_labels.ts";
import type { RunId } from "../../../entities/metadata.ts";
import type { ControlClient } from "../../../rpc/dialects/current/client/control_client.ts";
import { printMessage } from "../../output/print_line.ts";
import { eventFile, type Scalar } from "../../output/tensorboard/event_file.ts";
import type { MetricRow } from "./metric_rows.ts";
import { readMetrics } from "./read_metrics.ts";

/** Names of nodes that can be names of folders on every system. */
const FOLDER = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/**
 * Writes the numbers of a run for TensorBoard: aggregates, times and the ServerApp's own to `run-<id>` in a folder, those of
 * each node to a folder below it, which TensorBoard shows as further lines of the same charts. Files of the same run are
 * replaced.
 *
 * @returns the folder of the run
 * @throws FlwrError "failed-precondition" that names the flag if a file cannot be written
 */
export async function writeTensorBoard(
  folder: string,
  runId: RunId,
  rows: readonly MetricRow[],
  labels: NodeLabels,
): Promise<string> {
  const run = join(folder, `run-${runId}`);
  const bySource = Map.groupBy(rows, ({ nodeId }) => nodeId);
  try {
    for (const [nodeId, own] of bySource) {
      const place = nodeId === undefined ? run : join(run, folderOf(nodeId, labels));
      await Deno.mkdir(place, { recursive: true });
      const began = Math.floor(Math.min(...rows.slice(0, 1).map(({ at }) => at)));
      // The name that TensorBoard looks for: time, host, process and number.
      const file = join(place, `events.out.tfevents.${began}.flwr.0.0`);
      await Deno.writeFile(file, eventFile(began, own.map(scalarOf)));
    }
  } catch (cause) {
    throw new FlwrError("failed-precondition", `--tensorboard: cannot write to "${run}"`, {
      hints: ["Name a folder that you may write to"],
      cause,
    });
  }
  return run;
}

function folderOf(nodeId: bigint, labels: NodeLabels): string {
  // A name that several nodes have comes with an id, and so with a space.
  const label = labels.of(nodeId);
  return FOLDER.test(label) ? label : String(nodeId);
}

function scalarOf({ strategy, round: step, source, metric, value, at }: MetricRow): Scalar {
  const prefix = strategy === 1 ? "" : `strategy-${strategy}-`;
  return { at, step, tag: `${prefix}${source}/${metric}`, value: Number(value) };
}

/** Writes the metrics of a run that has ended for TensorBoard. Prints a failure, which does not change the run's outcome. */
export async function exportMetrics(
  control: ControlClient,
  runId: RunId,
  folder: string,
): Promise<void> {
  try {
    const { rows, labels } = await readMetrics(control, runId);
    printMessage(`Metrics for TensorBoard: ${await writeTensorBoard(folder, runId, rows, labels)}`);
  } catch (error) {
    printMessage(`Note: no metrics for TensorBoard: ${FlwrError.from(error).message}`);
  }
}
