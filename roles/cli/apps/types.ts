import { Command } from "commander";
import { formatOption, type Output, type OutputFormat, printOutput } from "../../output/format.ts";
import { say } from "../../output/say.ts";
import { denoSettings, FOLDER, tscKnowsFlwr, writeEditorFiles } from "./types/editor_files.ts";

const EXAMPLE = `
The folder .flwr leads to this installation: it is not part of a bundle, and not for version control. deno.json and
tsconfig.json lead to it; where the app has its own, they stay as they are.

Examples:
  flwr types
  flwr types my-app
`;

/** The `types` command. */
export function command(): Command {
  return new Command("types")
    .description('Let editors, deno check, deno test and tsc find "flwr" in an app\'s folder.')
    .argument("[app]", "the app's folder", ".")
    .addOption(formatOption())
    .addHelpText("after", EXAMPLE)
    .action((folder: string, { format }: { format: OutputFormat }) =>
      printOutput(format, () => makeTypes(folder))
    );
}

async function makeTypes(folder: string): Promise<Output> {
  const files = await writeEditorFiles(folder);
  if (await denoSettings(folder) === "other") {
    say(
      `The app's own deno.json stays as it is. Add to its "imports": "flwr": "./${FOLDER}/flwr.js". ` +
        `For deno test, also copy "scopes" from ${FOLDER}/import_map.json`,
    );
  }
  if (!await tscKnowsFlwr(folder)) {
    say(
      `The app's own tsconfig.json stays as it is. Add to its "paths": "flwr": ["./${FOLDER}/flwr.d.ts"]`,
    );
  }
  return { json: { folder, files: [FOLDER, ...files] }, lines: [FOLDER, ...files] };
}
