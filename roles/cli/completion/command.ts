import type { CommandTable } from "../../flags/command_table.ts";
import { printMessage } from "../../output/print_line.ts";
import { basename, join } from "node:path";
import { Argument, Command } from "commander";
import { FlwrError } from "../../../base/error.ts";
import { printable } from "../../../base/printable.ts";
import { installCompletion, type UserFolders } from "./install.ts";
import { completionScript, type Shell, SHELLS } from "./scripts.ts";
import { suggest } from "./suggest.ts";

const EXAMPLE = `
The script completes commands, options, the connections of config.toml, and the ids of runs and nodes of the default
SuperLink.

With --install, the command writes the script where Python's flwr writes its own, and adds a line that reads it to
~/.bashrc or ~/.zshrc. flwr --install-completion and flwr --show-completion do the same.

Examples:
  flwr completion --install                               # for the shell in $SHELL
  flwr completion bash > ~/.local/share/bash-completion/completions/flwr
  flwr completion zsh > ~/.zsh/completions/_flwr          # a folder of $fpath
  flwr completion fish > ~/.config/fish/completions/flwr.fish
  source <(flwr completion bash)                          # for the current shell only
`;

/** The `completion` command. */
export function command(_name: string, table: CommandTable): Command {
  const command = new Command("completion")
    .description("Print a script that completes command lines, or install it.")
    .addArgument(
      new Argument("[shell]", "shell of the script (default: the one in $SHELL)").choices(
        SHELLS,
      ),
    )
    .option("--install", "install the script, so that the shell reads it at each start", false)
    .addHelpText("after", EXAMPLE)
    .action(async (asked: Shell | undefined, { install }: { install: boolean }) => {
      const shell = asked ?? ownShell();
      if (install) await installed(shell);
      else console.log(completionScript(shell));
    });
  return command.addCommand(suggestCommand(table), { hidden: true });
}

/** The user's login shell. */
function ownShell(): Shell {
  const path = Deno.env.get("SHELL");
  const name = path === undefined ? undefined : basename(path);
  const shell = SHELLS.find((known) => known === name);
  if (shell !== undefined) return shell;
  throw new FlwrError(
    "invalid-argument",
    path === undefined
      ? "Cannot detect your shell: $SHELL is not set"
      : `Completion does not support "${path}", the shell in $SHELL`,
    { hints: [`Name one of ${SHELLS.join(", ")}, for example: flwr completion bash`] },
  );
}

async function installed(shell: Shell): Promise<void> {
  const { script, changed } = await installCompletion(shell, userFolders());
  console.log(script);
  if (changed !== undefined) printMessage(`Added a line to "${changed}"`);
  printMessage(`To use completion, restart ${shell}`);
}

function userFolders(): UserFolders {
  const home = Deno.env.get("HOME");
  if (home === undefined || home === "") {
    throw new FlwrError("failed-precondition", "Cannot find your home folder: $HOME is not set");
  }
  return { home, config: Deno.env.get("XDG_CONFIG_HOME") || join(home, ".config") };
}

/** The command that the scripts call: `flwr completion suggest -- list --fo` prints `--format<TAB>output format`. */
function suggestCommand(table: CommandTable): Command {
  return new Command("suggest")
    .argument("[words...]")
    .action(async (words: readonly string[]) => {
      for (const { value, summary } of await suggest(words, table)) {
        console.log(`${printable(value)}\t${printable(summary)}`);
      }
    });
}
