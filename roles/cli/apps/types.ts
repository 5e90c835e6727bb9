import { Command } from "commander";
import { formatOption, type Output, type OutputFormat, printOutput } from "../../output/format.ts";
import { printMessage } from "../../output/print_line.ts";
import { denoSettings, FOLDER, tscKnowsFlwr, writeEditorFiles } from "./types/editor_files.ts";

const EXAMPLE = `
The command creates a folder .flwr, which points to this installation. It is not part of a bundle; do not commit it. It
also creates a deno.json and a tsconfig.json that use the folder, unless the app already has them.

Examples:
  flwr types
  flwr types my-app
`;

/** The `types` command. */
export function command(): Command {
  return new Command("types")
    .description(
      'Add files to an app\'s folder so that editors, deno check, deno test and tsc find "flwr".',
    )
    .argument("[app]", "folder of the app", ".")
    .addOption(formatOption())
    .addHelpText("after", EXAMPLE)
    .action((folder: string, { format }: { format: OutputFormat }) =>
      printOutput(format, () => makeTypes(folder))
    );
}

async function makeTypes(folder: string): Promise<Output> {
  const files = await writeEditorFiles(folder);
  if (await denoSettings(folder) === "other") {
    printMessage(
      `The app has its own deno.json, which was not changed. Add to its "imports": "flwr": "./${FOLDER}/flwr.js". ` +
        `For deno test, also copy "scopes" from ${FOLDER}/import_map.json`,
    );
  }
  if (!await tscKnowsFlwr(folder)) {
    printMessage(
      `The app has its own tsconfig.json, which was not changed. Add to its "paths": "flwr": ["./${FOLDER}/flwr.d.ts"]`,
    );
  }
  return { json: { folder, files: [FOLDER, ...files] }, lines: [FOLDER, ...files] };
}
