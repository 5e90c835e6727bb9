import type { CommandTable } from "../../flags/command_table.ts";
import { say } from "../../output/say.ts";
import { basename, join } from "node:path";
import { Argument, Command } from "commander";
import { FlwrError } from "../../../base/error.ts";
import { printable } from "../../../base/printable.ts";
import { installCompletion, type UserFolders } from "./install.ts";
import { completionScript, type Shell, SHELLS } from "./scripts.ts";
import { suggest } from "./suggest.ts";

const EXAMPLE = `
Commands, options, connections of config.toml, and the ids of runs and nodes of its default SuperLink are completed.

With --install the script is written to where Python's flwr puts its own, and a line that reads it is added to
~/.bashrc or ~/.zshrc if it is not there. flwr --install-completion and flwr --show-completion do the same.

Examples:
  flwr completion --install                               # for the shell of $SHELL
  flwr completion bash > ~/.local/share/bash-completion/completions/flwr
  flwr completion zsh > ~/.zsh/completions/_flwr          # a folder of $fpath
  flwr completion fish > ~/.config/fish/completions/flwr.fish
  source <(flwr completion bash)                          # for this shell alone
`;

/** The `completion` command. */
export function command(_name: string, table: CommandTable): Command {
  const command = new Command("completion")
    .description("Print a script that completes command lines, or install it.")
    .addArgument(
      new Argument("[shell]", "whose script (default: that of $SHELL)").choices(SHELLS),
    )
    .option("--install", "have the shell read it each time it starts", false)
    .addHelpText("after", EXAMPLE)
    .action(async (asked: Shell | undefined, { install }: { install: boolean }) => {
      const shell = asked ?? ownShell();
      if (install) await installed(shell);
      else console.log(completionScript(shell));
    });
  return command.addCommand(suggestCommand(table), { hidden: true });
}

/** The shell that the user logs in with. */
function ownShell(): Shell {
  const path = Deno.env.get("SHELL");
  const name = path === undefined ? undefined : basename(path);
  const shell = SHELLS.find((known) => known === name);
  if (shell !== undefined) return shell;
  throw new FlwrError(
    "invalid-argument",
    path === undefined
      ? "The shell is not known: $SHELL is not set"
      : `There is no script for "${path}", the shell of $SHELL`,
    { hints: [`Name the shell, one of ${SHELLS.join(", ")}: flwr completion bash`] },
  );
}

async function installed(shell: Shell): Promise<void> {
  const { script, changed } = await installCompletion(shell, userFolders());
  console.log(script);
  if (changed !== undefined) say(`Added a line to "${changed}"`);
  say(`Start ${shell} anew, and it completes flwr`);
}

function userFolders(): UserFolders {
  const home = Deno.env.get("HOME");
  if (home === undefined || home === "") {
    throw new FlwrError("failed-precondition", "The home folder is not known: $HOME is not set");
  }
  return { home, config: Deno.env.get("XDG_CONFIG_HOME") || join(home, ".config") };
}

/** What the scripts ask: `flwr completion suggest -- list --fo` prints `--format<TAB>how to print …`. */
function suggestCommand(table: CommandTable): Command {
  return new Command("suggest")
    .argument("[words...]")
    .action(async (words: readonly string[]) => {
      for (const { value, summary } of await suggest(words, table)) {
        console.log(`${printable(value)}\t${printable(summary)}`);
      }
    });
}
