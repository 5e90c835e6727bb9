import { Command, Option } from "commander";
import type { RunId } from "../../../app/metadata.ts";
import { load } from "../../../base/load.ts";
import { addSuperLinkArgument } from "../config/options.ts";
import { formatOption, printOutput } from "../../output/format.ts";
import { readId } from "../../flags/values.ts";
import type { PullFlags } from "./pull.ts";

const EXAMPLE = `
What a ServerApp saves (context.artifacts.save) is there when its run has finished, however it did. Each file is held to
its hash before anything is put into the folder.

Examples:
  flwr pull 15950113740962349189
  flwr pull 15950113740962349189 my-superlink --output model
  curl --remote-name "$(flwr pull 15950113740962349189 --url-only)"
`;

/** The `pull` command. */
export function command(): Command {
  const command = new Command("pull")
    .description("Fetch what a run's ServerApp saved: its artifacts.")
    .argument("<run-id>", "the run's id", readId)
    .addOption(
      new Option("--output <folder>", "where to put the files (default: run-<id>)")
        .conflicts("urlOnly"),
    )
    .addOption(
      new Option("--force", "replace files of a folder that is not empty").default(false)
        .conflicts("urlOnly"),
    )
    .option(
      "--url-only",
      "fetch nothing, print where a .zip of all can be fetched for ten minutes",
      false,
    )
    .addOption(formatOption());
  return addSuperLinkArgument(command)
    .addHelpText("after", EXAMPLE)
    .action((runId: RunId, superlink: string | undefined, flags: PullFlags) =>
      printOutput(flags.format, async () => {
        const { pull } = await load<typeof import("./pull.ts")>(
          new URL("./pull.ts", import.meta.url),
        );
        return await pull(runId, superlink, flags);
      })
    );
}
