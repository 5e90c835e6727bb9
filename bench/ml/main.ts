/**
 * The training engine against PyTorch 2.13.0 (CPU, eager), taking turns in processes of their own.
 *
 *     deno task bench ml [row…] [--repeat 5] [--python PATH]
 *
 * Without a row all of them; rows.ts has their names.
 */
import { Argument, Command } from "commander";
import { reportError } from "../../roles/report_error.ts";
import { buildProgram } from "../../scripts/build/program.ts";
import { repositoryPath } from "../../tests/support/repository.ts";
import { comparisonLines } from "../support/comparison.ts";
import { describeMachine } from "../support/machine.ts";
import { pythonOption, repeatOption } from "../support/options.ts";
import { benchPython } from "../support/python_environment.ts";
import { judgedTable } from "./judged_table.ts";
import { type Judged, ROWS } from "./rows.ts";

async function bench(
  rows: readonly string[],
  options: { repeat: number; python?: string },
): Promise<void> {
  const python = await benchPython(options.python);
  const build = await buildProgram(repositoryPath(""));
  console.log(`${describeMachine()}; ${options.repeat} turns of each side`);
  const judged: Judged[] = [];
  for (const row of rows) {
    const measured = await ROWS[row]!({ python, build, repeat: options.repeat });
    for (const line of comparisonLines(`ml/${row}`, measured)) console.log(line);
    judged.push(...measured);
  }
  const title = "Training engine against PyTorch 2.13.0; goals that are reached are bold";
  console.log(["", title, "", ...judgedTable(judged)].join("\n"));
}

try {
  await new Command("ml")
    .description("Measure the training engine against PyTorch 2.13.0.")
    .addArgument(
      new Argument("[row...]", "what to measure (default: everything)")
        .choices(Object.keys(ROWS)).default(Object.keys(ROWS)),
    )
    .addOption(repeatOption(5))
    .addOption(pythonOption())
    .exitOverride()
    .action(bench)
    .parseAsync(Deno.args, { from: "user" });
} catch (error) {
  Deno.exit(reportError(error));
}
