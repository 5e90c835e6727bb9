import { printMessage } from "../../output/print_line.ts";
import { userInfo } from "node:os";
import { Command, Option } from "commander";
import { FlwrError } from "../../../base/error.ts";
import { labelFault } from "../../../fab/label.ts";
import { addForeignOptions, type ForeignOption } from "../../flags/foreign_options.ts";
import { createApp } from "./new/create_app.ts";
import { DEFAULT_TEMPLATE, TEMPLATES } from "./new/template.ts";
import { formatOption, type Output, type OutputFormat, printOutput } from "../../output/format.ts";

/** Publisher of the app if the user's name is not valid as one. */
const FALLBACK_PUBLISHER = "me";

const EXAMPLE = `
Templates:
${
  Object.entries(TEMPLATES).map(([name, { summary }]) => `  ${name.padEnd(8)} ${summary}`).join(
    "\n",
  )
}

Examples:
  flwr new my-app
  flwr new my-app --template cnn --publisher my-lab
`;

/** Flags of Flower's own `flwr new`, which are deprecated there as well. */
const NEW_FOREIGN: readonly ForeignOption[] = [
  {
    flags: "--framework <framework>",
    refusal: () => ({
      reason: "templates do not depend on a framework",
      hint: `Use --template: ${Object.keys(TEMPLATES).join(", ")}`,
    }),
  },
  {
    flags: "--username <name>",
    refusal: () => ({
      reason: "an app has a publisher",
      hint: "Use --publisher",
    }),
  },
];

interface NewFlags {
  readonly template: string;
  readonly publisher?: string;
  readonly format: OutputFormat;
}

/** The `new` command. */
export function command(): Command {
  const command = new Command("new")
    .description("Create a TypeScript app in a folder with the app's name.")
    .argument("[name]", "name of the app; on a terminal, the command asks for it")
    .addOption(
      new Option("--template <template>", "template to start from")
        .choices(Object.keys(TEMPLATES)).default(DEFAULT_TEMPLATE),
    )
    .option("--publisher <name>", "publisher of the app (default: your user name)")
    .addOption(formatOption())
    .addHelpText("after", EXAMPLE)
    .action((name: string | undefined, flags: NewFlags) =>
      printOutput(flags.format, () => makeApp(name ?? askName(), flags))
    );
  return addForeignOptions(command, NEW_FOREIGN);
}

async function makeApp(name: string, { template, publisher }: NewFlags): Promise<Output> {
  if (name.startsWith("@")) {
    throw new FlwrError(
      "unimplemented",
      `"${name}" is an app of Flower's hub, which is not supported`,
      {
        hints: ['Create one from a template: "flwr new my-app"'],
      },
    );
  }
  const { folder, files } = await createApp({
    name,
    publisher: publisher ?? userName(),
    template: TEMPLATES[template]!,
    parent: ".",
  });
  for (const line of nextSteps(folder)) printMessage(line);
  return { json: { name, template, folder, files }, lines: [folder] };
}

function nextSteps(folder: string): string[] {
  return [
    "Try it on this machine, with simulated nodes:",
    `  flwr run ${folder}`,
    `More in ${folder}/README.md`,
  ];
}

function askName(): string {
  const name = Deno.stdin.isTerminal() ? prompt("The app's name:") : null;
  if (name !== null) return name.trim();
  throw new FlwrError("invalid-argument", "The app needs a name", {
    hints: ["For example: flwr new my-app"],
  });
}

function userName(): string {
  const { username } = userInfo();
  return labelFault(username) === undefined ? username : FALLBACK_PUBLISHER;
}
