import { type Command, Option } from "commander";
import { wholeNumber } from "../../whole_number.ts";

/** The flags, as commander parses them, of a command that runs the ServerApps of submitted apps. */
export interface LaunchFlags {
  python?: string;
  allowRuntimeDependencyInstallation: boolean;
  allowRead: readonly string[];
  concurrentRuns: number;
}

/** Those flags when none is given. */
export const DEFAULT_LAUNCH_FLAGS: LaunchFlags = {
  allowRuntimeDependencyInstallation: false,
  allowRead: [],
  concurrentRuns: 4,
};

/** Gives a command the flags that say how submitted apps are run. */
export function addLaunchOptions(command: Command): Command {
  return command
    .option(
      "--python <file>",
      "the Python, in an environment with flwr, that runs the ServerApps of Python apps (default: flwr-serverapp on PATH)",
    )
    .option(
      "--allow-runtime-dependency-installation",
      "let Python apps install what their pyproject.toml asks for, from the package index",
      DEFAULT_LAUNCH_FLAGS.allowRuntimeDependencyInstallation,
    )
    .addOption(
      new Option(
        "--allow-read <folder>",
        "let submitted TypeScript ServerApps read this folder, too; may be repeated (default: none)",
      ).argParser((folder: string, before: readonly string[] | undefined) => [
        ...(before ?? []),
        folder,
      ]),
    )
    .addOption(
      new Option(
        "--concurrent-runs <n>",
        "how many submitted apps may run at the same time; the others wait",
      ).default(DEFAULT_LAUNCH_FLAGS.concurrentRuns).argParser(wholeNumber({ from: 1 })),
    );
}
