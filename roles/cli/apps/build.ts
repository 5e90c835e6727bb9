import { printMessage } from "../../output/print_line.ts";
import { Command } from "commander";
import { FlwrError } from "../../../base/error.ts";
import { buildFab } from "../../../fab/build/build.ts";
import { fabFileName } from "../../../fab/fab.ts";
import { formatBytes } from "../../../base/readable.ts";
import { formatOption, type Output, type OutputFormat, printOutput } from "../../output/format.ts";

const EXAMPLE = `
The command writes the bundle to the current folder. The same app gives the same bytes on every machine.

Examples:
  flwr build
  flwr build --app apps/my-app --format json
`;

interface BuildFlags {
  readonly app: string;
  readonly format: OutputFormat;
}

/** The `build` command. */
export function command(): Command {
  return new Command("build")
    .description(
      "Build an app bundle (FAB, Flower App Bundle) that SuperLinks and SuperNodes can run.",
    )
    .option("--app <folder>", "folder that contains the app", ".")
    .addOption(formatOption())
    .addHelpText("after", EXAMPLE)
    .action(({ app, format }: BuildFlags) => printOutput(format, () => build(app)));
}

async function build(app: string): Promise<Output> {
  const { content, hash, config, warnings, attachments } = await buildFab(app);
  for (const warning of warnings) printMessage(`Warning: ${warning}`);
  const file = fabFileName(config, hash);
  try {
    await Deno.writeFile(file, content);
  } catch (cause) {
    throw new FlwrError("failed-precondition", `Cannot write "${file}" to the current folder`, {
      cause,
    });
  }
  printMessage(`Built ${config.fabId} ${config.version}: ${content.length} bytes`);
  for (const { path, size } of attachments) {
    printMessage(
      `Not in the bundle, because it is sent separately as an attachment: ${path}, ${
        formatBytes(size)
      }`,
    );
  }
  return {
    json: {
      "fab-id": config.fabId,
      "fab-name": config.name,
      "fab-version": config.version,
      "fab-hash": hash,
      "fab-filename": file,
      "fab-size": content.length,
      ...(attachments.length > 0 && {
        attachments: attachments.map(({ path, sha256, size }) => ({ path, sha256, size })),
      }),
    },
    lines: [file],
  };
}
