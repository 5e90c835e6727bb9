import { Command, Option } from "commander";
import { load } from "../../../base/load.ts";
import { NodeLabels } from "../../../base/node_labels.ts";
import { FlwrError } from "../../../base/error.ts";
import type { RunId } from "../../../entities/metadata.ts";
import { roundsOf } from "../../../entities/run_rounds.ts";
import { readId } from "../../flags/values.ts";
import { printOutput } from "../../output/format.ts";
import { stdoutScreen } from "../../output/screen.ts";
import { callSuperLink } from "../config/call_superlink.ts";
import { addSuperLinkArgument, type ControlFlags } from "../config/options.ts";
import { metricRows } from "./metric_rows.ts";

const EXAMPLE = `
The SuperLink keeps the newest numbers of each run: those of about 20,000 replies of nodes, and those of thousands of
rounds. Python's ServerApps report none, so their runs only have the times of rounds.

Examples:
  flwr metrics 15950113740962349189
  flwr metrics 15950113740962349189 --nodes
  flwr metrics 15950113740962349189 my-superlink --format csv > metrics.csv
`;

const FORMATS = ["default", "json", "csv"] as const;

interface MetricFlags extends ControlFlags {
  readonly format: typeof FORMATS[number];
  readonly nodes: boolean;
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
  const { format, nodes: ofNodes, ...connection } = flags;
  const { records, nodes } = await callSuperLink(superlink, connection, async (control) => ({
    records: await control.runEvents(runId),
    nodes: (await control.listNodes()).items,
  }));
  if (records === undefined) {
    throw new FlwrError("unimplemented", "The SuperLink keeps no metrics of runs", {
      hints: ["Update the SuperLink. Flower's own SuperLinks keep none"],
    });
  }
  const labels = new NodeLabels();
  for (const { nodeId, name } of nodes) labels.set(nodeId, name);
  const rows = metricRows(roundsOf(records));
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
