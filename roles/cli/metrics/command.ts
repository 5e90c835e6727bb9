import { Command, Option } from "commander";
import { load } from "../../../base/load.ts";
import type { RunId } from "../../../entities/metadata.ts";
import { readId } from "../../flags/values.ts";
import { printOutput } from "../../output/format.ts";
import { stdoutScreen } from "../../output/screen.ts";
import { callSuperLink } from "../config/call_superlink.ts";
import { addSuperLinkArgument, type ControlFlags } from "../config/options.ts";

const EXAMPLE = `
The SuperLink keeps the newest numbers of each run: those of about 20,000 replies of nodes, and those of thousands of
rounds. Python's ServerApps report none, so their runs only have the times of rounds.

Examples:
  flwr metrics 15950113740962349189
  flwr metrics 15950113740962349189 --nodes
  flwr metrics 15950113740962349189 my-superlink --format csv > metrics.csv
  flwr metrics 15950113740962349189 --tensorboard runs
`;

const FORMATS = ["default", "json", "csv"] as const;

interface MetricFlags extends ControlFlags {
  readonly format: typeof FORMATS[number];
  readonly nodes: boolean;
  readonly tensorboard?: string;
}

/** The `metrics` command. */
export function command(): Command {
  const command = new Command("metrics")
    .description(
      "Show the metrics of a run's rounds: of training, evaluation, the ServerApp and the nodes.",
    )
    .argument("<run-id>", "the run's id", readId)
    .addOption(new Option("--format <format>", "output format").choices(FORMATS).default("default"))
    .option(
      "--nodes",
      "in a table: also show the numbers of each node; JSON and CSV always have them",
      false,
    )
    .option(
      "--tensorboard <folder>",
      "write the numbers for TensorBoard to run-<id> in this folder, instead of printing them (default: none)",
    );
  return addSuperLinkArgument(command).addHelpText("after", EXAMPLE).action(
    (runId: RunId, superlink: string | undefined, flags: MetricFlags) =>
      printOutput(
        flags.format === "json" ? "json" : "default",
        () => metrics(runId, superlink, flags),
      ),
  );
}

async function metrics(runId: RunId, superlink: string | undefined, flags: MetricFlags) {
  const { format, nodes: ofNodes, tensorboard, ...connection } = flags;
  const { rows, labels } = await callSuperLink(
    superlink,
    connection,
    async (control) => (await loadReader()).readMetrics(control, runId),
  );
  if (tensorboard !== undefined) {
    const { writeTensorBoard } = await load<typeof import("./tensorboard.ts")>(
      new URL("./tensorboard.ts", import.meta.url),
    );
    const folder = await writeTensorBoard(tensorboard, runId, rows, labels);
    const json = { "run-id": String(runId), folder };
    return { json, lines: [`Wrote ${folder}. To see it: tensorboard --logdir ${tensorboard}`] };
  }
  const { metricCsv, metricJson, metricTable } = await load<typeof import("./metric_text.ts")>(
    new URL("./metric_text.ts", import.meta.url),
  );
  if (format === "json") {
    return { json: { "run-id": String(runId), metrics: metricJson(rows, labels) }, lines: [] };
  }
  if (format === "csv") return { json: {}, lines: metricCsv(rows, labels).split("\n") };
  if (rows.length === 0) return { json: {}, lines: [`Run ${runId} has no metrics yet`] };
  return { json: {}, lines: metricTable(rows, labels, stdoutScreen(), ofNodes) };
}

function loadReader() {
  return load<typeof import("./read_metrics.ts")>(new URL("./read_metrics.ts", import.meta.url));
}
