import { Command, Option } from "commander";
import { load } from "../../../base/load.ts";
import { formatOption } from "../../output/format.ts";
import { readCount, wholeNumber } from "../../flags/values.ts";
import { addSuperLinkArgument } from "../config/options.ts";
import { MAX_VIRTUAL_NODES } from "../config/simulation_settings.ts";
import type { SweepFlags } from "./flags.ts";

/** Default of `--max-runs`. */
const MAX_RUNS = 256;

const EXAMPLE = `
If a setting has a list in brackets, the sweep tries each value of the list. It runs the app once for each combination
of values. A value cannot be a list itself. Write such a value as a string: layers=["8,16", "32"].

The table shows the mean and the sample standard deviation of each metric over all values of "seed". Each metric has two
columns: its value in the last round, and its best value in any round. Metrics with "loss", "error", "perplexity" or
"epsilon" in their names are best when smallest.

The sweep writes its results to the folder sweep-<run-id>: results.json, results.csv (one row for each row of the
table), runs.csv, and each run's history.json. Ctrl-C stops the runs in progress. To continue, repeat the command with
--resume sweep-<run-id>. Runs that completed with the same app and settings are not repeated.

The exit status is 0 only if all runs completed and every node contributed. It is 3 if all runs completed but some node
never contributed.

Examples:
  flwr sweep my-app --run-config "lr=[0.01,0.1] seed=[1,2,3]"
  flwr sweep my-app --run-config "lr=[0.01,0.1]" --seeds 5 --nodes 100 --metric accuracy
  flwr sweep . my-superlink --run-config sweep.toml --parallel 2 --output results.csv
`;

/** The `sweep` command. */
export function command(): Command {
  const command = new Command("sweep")
    .description("Run an app with several settings and seeds, and compare the results.")
    .argument("[app]", 'the app\'s folder (default: ".")');
  addSuperLinkArgument(command)
    .option(
      "-c, --run-config <pairs>",
      'settings for the runs, with lists of values, for example "lr=[0.01,0.1] seed=[1,2,3]", or a TOML file; repeatable (default: none)',
      repeated,
    )
    .option(
      "--seeds <count>",
      'number of seeds: sets "seed" to 1, 2, … (default: the seeds in --run-config)',
      readCount,
    )
    .option(
      "--average-over <setting>",
      'setting to average results over; repeatable (default: "seed", if it has a list)',
      repeated,
    )
    .option(
      "--parallel <count>",
      "number of runs at once (default: as many as this machine's cores allow if it simulates the nodes, otherwise 1)",
      readCount,
    )
    .option("--metric <name>", "metric to sort the results by (default: none)")
    .addOption(
      new Option(
        "--mode <mode>",
        "whether smaller or larger values of --metric are better (default: depends on the metric's name)",
      )
        .choices(["min", "max"]),
    )
    .option(
      "--output <file>",
      "also write the results to this .csv or .json file (default: none)",
    )
    .option(
      "--resume <folder>",
      "continue the sweep whose results are in this folder (default: start a new one)",
    )
    .option("--fail-fast", "stop all runs when one fails", false)
    .addOption(
      new Option("--max-runs <count>", "refuse a sweep with more runs than this")
        .argParser(readCount).default(MAX_RUNS),
    )
    .option(
      "--no-check",
      "do not check the app's types before sending it (default: check them)",
    )
    .option(
      "--federation <id>",
      "federation to run in, @account/name (default: the SuperLink's own)",
    )
    .option(
      "--nodes <count>",
      "number of simulated nodes (default: that of the federation, initially 2)",
      wholeNumber({ from: 1, to: MAX_VIRTUAL_NODES }),
    )
    .option(
      "--federation-config <pairs>",
      'settings of the simulation, for example "num-supernodes=100 dropout=0.1" (default: the federation\'s)',
    )
    .option(
      "--node-table <file>",
      "CSV or JSON file with the settings of each simulated node; the first row is for partition 0 (default: none)",
    )
    .addOption(formatOption())
    .addHelpText("after", EXAMPLE);
  return command.action(
    async (app: string | undefined, superlink: string | undefined, flags: SweepFlags) => {
      const { sweep } = await load<typeof import("./sweep.ts")>(
        new URL("./sweep.ts", import.meta.url),
      );
      await sweep(app ?? ".", superlink, flags);
    },
  );
}

function repeated(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}
