import { Command, Option } from "commander";
import type { RunId } from "../../../entities/metadata.ts";
import { load } from "../../../base/load.ts";
import { addSuperLinkArgument } from "../config/options.ts";
import { formatOption, printOutput } from "../../output/format.ts";
import { readId } from "../../flags/values.ts";
import type { PullFlags } from "./pull.ts";

const EXAMPLE = `
You can download the files that a ServerApp saved with context.artifacts.save as soon as its run has finished, even if
the run failed. The command checks the hashes of all files before it writes any.

Examples:
  flwr pull 15950113740962349189
  flwr pull 15950113740962349189 my-superlink --output model
  curl --remote-name "$(flwr pull 15950113740962349189 --url-only)"
`;

/** The `pull` command. */
export function command(): Command {
  const command = new Command("pull")
    .description("Download a run's artifacts, the files that its ServerApp saved.")
    .argument("<run-id>", "the run's id", readId)
    .addOption(
      new Option("--output <folder>", "folder for the files (default: run-<id>)")
        .conflicts("urlOnly"),
    )
    .addOption(
      new Option(
        "--force",
        "write to a folder that is not empty, and replace files of the same name",
      ).default(
        false,
      )
        .conflicts("urlOnly"),
    )
    .option(
      "--url-only",
      "download nothing; print a link to a .zip of all files, valid for ten minutes",
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
