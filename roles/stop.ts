import { Command } from "commander";
import type { RunId } from "../app/metadata.ts";
import { askSuperLink } from "./config/ask_superlink.ts";
import { addSuperLinkArgument, type SuperLinkFlags } from "./config/options.ts";
import { formatOption, type Output, type OutputFormat, printOutput } from "./output/format.ts";
import { readId } from "./output/read_id.ts";

const EXAMPLE = `
Example:
  flwr stop 15950113740962349189
`;

interface StopFlags extends SuperLinkFlags {
  readonly format: OutputFormat;
}

/** The `stop` command. */
export function command(): Command {
  const command = new Command("stop")
    .description("Stop a run: its ServerApp is ended, its messages are dropped.")
    .argument("<run-id>", "the run's id", readId)
    .addOption(formatOption());
  return addSuperLinkArgument(command)
    .addHelpText("after", EXAMPLE)
    .action((runId: RunId, superlink: string | undefined, flags: StopFlags) =>
      printOutput(flags.format, () => stop(runId, superlink, flags))
    );
}

async function stop(
  runId: RunId,
  superlink: string | undefined,
  flags: StopFlags,
): Promise<Output> {
  await askSuperLink(superlink, flags, (control) => control.stopRun(runId));
  return { json: { "run-id": String(runId) }, lines: [`Run ${runId} is stopped`] };
}
