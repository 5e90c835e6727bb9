/**
 * Today's wire against the real Flower 1.41.0, with TLS and node authentication: submitted runs, starts and idle memory,
 * authenticated calls.
 *
 *     deno task bench current [--repeat 5] [--rounds 3] [--only runs,starts,calls]
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
import { measureCalls } from "./calls.ts";
import { measureStarts } from "./starts.ts";
import { measureSubmittedRuns } from "./submitted_run.ts";

const PARTS = ["starts", "calls", "runs"] as const;

interface CurrentFlags {
  repeat: number;
  rounds: number;
  only: readonly (typeof PARTS[number])[];
}

async function bench({ repeat, rounds, only }: CurrentFlags): Promise<void> {
  const python = await benchFlower();
  const [ours, theirs] = [flwrSide({ flwr: await installedFlwr(), python }), pythonSide(python)];
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
    show("Authenticated calls", await measureCalls([ours, theirs], options));
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
    .exitOverride()
    .action(bench)
    .parseAsync(Deno.args, { from: "user" });
} catch (error) {
  Deno.exit(reportError(error));
}
