/**
 * The roles without any training, against the real Flower 1.9.0: start and memory, authenticated calls, rounds with
 * clients that answer at once.
 *
 *     deno task bench roles [--repeat 5] [--python PATH]
 */
import { Command } from "commander";
import { reportError } from "../../roles/report_error.ts";
import { makeCredentials } from "../../tests/support/credentials.ts";
import { TempDir } from "../../tests/support/tempdir.ts";
import type { Comparison } from "../support/comparison.ts";
import { describeMachine } from "../support/machine.ts";
import { pythonOption, repeatOption } from "../support/options.ts";
import { printComparisons } from "../support/print_comparisons.ts";
import { benchPython } from "../support/python_environment.ts";
import { measureCalls } from "./calls.ts";
import { measureIdle } from "./idle.ts";
import { instantContestants } from "./instant_contestants.ts";
import { measureRounds } from "./rounds.ts";

async function bench(options: { repeat: number; python?: string }): Promise<void> {
  const python = await benchPython(options.python);
  await using folder = await TempDir.make();
  const credentials = await makeCredentials(folder.path);
  const contestants = instantContestants({ python, nodes: 2, flwrRounds: 1, pythonRounds: 1 });
  console.log(`${describeMachine()}; ${options.repeat} turns of each side`);
  const show = (title: string, comparisons: readonly Comparison[]) =>
    printComparisons("roles", `${title}, against Flower 1.9.0`, comparisons);
  show("Roles that wait", await measureIdle(contestants, credentials, options.repeat));
  show("Calls of a SuperNode", await measureCalls(contestants, credentials, options.repeat));
  show("Rounds without training", await measureRounds(python, credentials, options.repeat));
}

try {
  await new Command("roles")
    .description("Measure the roles without training against the real Flower 1.9.0.")
    .addOption(repeatOption(5))
    .addOption(pythonOption())
    .exitOverride()
    .action(bench)
    .parseAsync(Deno.args, { from: "user" });
} catch (error) {
  Deno.exit(reportError(error));
}
