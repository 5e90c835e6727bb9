import { Argument, Command } from "commander";
import { printable } from "../base/printable.ts";
import { completionScript, type Shell, SHELLS } from "./completion/scripts.ts";
import { suggest } from "./completion/suggest.ts";

const EXAMPLE = `
Commands, options, connections of config.toml, and the ids of runs and nodes of its default SuperLink are completed.

Examples:
  flwr completion bash > ~/.local/share/bash-completion/completions/flwr
  flwr completion zsh > ~/.zsh/completions/_flwr          # a folder of $fpath
  flwr completion fish > ~/.config/fish/completions/flwr.fish
  source <(flwr completion bash)                          # for this shell alone
`;

/** The `completion` command. */
export function command(): Command {
  const command = new Command("completion")
    .description("Print a script that completes command lines.")
    .addArgument(new Argument("<shell>", "whose script to print").choices(SHELLS))
    .addHelpText("after", EXAMPLE)
    .action((shell: Shell) => console.log(completionScript(shell)));
  return command.addCommand(suggestCommand(), { hidden: true });
}

/** What the scripts ask: `flwr completion suggest -- list --fo` prints `--format<TAB>how to print …`. */
function suggestCommand(): Command {
  return new Command("suggest")
    .argument("[words...]")
    .action(async (words: readonly string[]) => {
      for (const { value, summary } of await suggest(words)) {
        console.log(`${printable(value)}\t${printable(summary)}`);
      }
    });
}
