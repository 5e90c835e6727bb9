import { Command } from "commander";
import { FlwrError } from "../../base/error.ts";
import { printOutput } from "../output/format.ts";

/** A command of Flower's that needs what only its hosted service has. */
export interface HostedCommand {
  readonly name: string;
  /** What it would do, for the help. */
  readonly purpose: string;
  /** What to do instead. */
  readonly hint?: string;
}

/**
 * A command that understands any arguments and says that it is not offered, so that a script learns why.
 *
 * @param path the command's words before its name, as "federation "
 */
export function notOfferedCommand(
  { name, purpose, hint }: HostedCommand,
  path = "",
): Command {
  return new Command(name)
    .description(`${purpose} (not supported)`)
    .argument("[arguments...]")
    .allowUnknownOption()
    .action((words: readonly string[]) => {
      const json = words.includes("json") || words.includes("--format=json");
      return printOutput(json ? "json" : "default", () => {
        throw new FlwrError(
          "unimplemented",
          `"flwr ${path}${name}" is not supported: it needs a SuperLink with accounts, such as Flower's hosted one`,
          { hints: hint === undefined ? [] : [hint] },
        );
      });
    });
}
