/**
 * Today's wire against the real Flower 1.41.0, with TLS and node authentication: submitted runs, starts and idle memory,
 * authenticated calls.
 *
 *     deno task bench current [--repeat 5] [--rounds 3] [--only runs,starts,calls] [--flwr PATH]
 *     deno task bench current --only calls [--wires HTTP,gRPC] [--curves P-384,P-256] [--lines 8] [--processes 2]
 */
import { Command, Option } from "commander";
import { reportError } from "../../roles/report_error.ts";
import { makeCredentials } from "../../tests/support/credentials.ts";
import { TempDir } from "../../tests/support/tempdir.ts";
import { flwrSide } from "../flower/flwr_side.ts";
import { installedFlwr } from "../flower/installed.ts";
import { pythonSide } from "../flower/python_side.ts";
import type { Comparison } from "../support/comparison.ts";
import { describeMachine } from "../support/machine.ts";
import { oneOrMoreOf, repeatOption, wholeNumber } from "../support/options.ts";
import { printComparisons } from "../support/print_comparisons.ts";
import { benchFlower } from "../support/python_environment.ts";
import { CURVES, measureCalls, WIRES } from "./calls.ts";
import { measureStarts } from "./starts.ts";
import { measureSubmittedRuns } from "./submitted_run.ts";

const PARTS = ["starts", "calls", "runs"] as const;

interface CurrentFlags {
  repeat: number;
  rounds: number;
  only: readonly (typeof PARTS[number])[];
  flwr?: string;
  wires: readonly (typeof WIRES[number])[];
  curves: readonly (typeof CURVES[number])[];
  lines: number;
  processes: number;
}

async function bench(flags: CurrentFlags): Promise<void> {
  const { repeat, rounds, only } = flags;
  const [python, flwr] = [await benchFlower(), flags.flwr ?? await installedFlwr()];
  const [ours, theirs] = [flwrSide({ flwr, python }), pythonSide(python)];
  await using folder = await TempDir.make();
  const credentials = await makeCredentials(folder.path);
  const show = (title: string, comparisons: readonly Comparison[]) =>
    printComparisons("current", `${title}, against Flower 1.41.0`, comparisons);
  console.log(`${describeMachine()}; ${repeat} turns of each side`);
  const options = { credentials, rounds, repeat };
  if (only.includes("starts")) {
    show("Starts and idle memory", await measureStarts([ours, theirs], options));
  }
  if (only.includes("calls")) {
    show("Authenticated calls", await measureCalls([ours, theirs], { ...options, ...flags }));
  }
  if (only.includes("runs")) {
    show("Submitted runs", await measureSubmittedRuns(ours, theirs, options));
  }
}

try {
  await new Command("current")
    .description("Measure today's wire against the real Flower 1.41.0.")
    .addOption(repeatOption(5))
    .addOption(new Option("--rounds <n>", "rounds of a run").argParser(wholeNumber(1)).default(3))
    .addOption(
      new Option("--only <parts>", `some of ${PARTS.join(",")}`).argParser(oneOrMoreOf(PARTS))
        .default(PARTS, PARTS.join(",")),
    )
    .option("--flwr <path>", "an installed command to measure (default: that of this version)")
    .addOption(
      new Option("--wires <wires>", `of calls: some of ${WIRES.join(",")}`)
        .argParser(oneOrMoreOf(WIRES)).default(WIRES, WIRES.join(",")),
    )
    .addOption(
      new Option("--curves <curves>", `of the nodes' keys: some of ${CURVES.join(",")}`)
        .argParser(oneOrMoreOf(CURVES)).default(CURVES, CURVES.join(",")),
    )
    .addOption(
      new Option("--lines <n>", "connections of calls over gRPC").argParser(wholeNumber(1))
        .default(1),
    )
    .addOption(
      new Option("--processes <n>", "of our SuperLink, with PostgreSQL if more than 1")
        .argParser(wholeNumber(1)).default(1),
    )
    .exitOverride()
    .action(bench)
    .parseAsync(Deno.args, { from: "user" });
} catch (error) {
  Deno.exit(reportError(error));
}
