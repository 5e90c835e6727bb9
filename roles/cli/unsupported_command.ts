import { Command } from "commander";
import { FlwrError } from "../../base/error.ts";
import { printOutput } from "../output/format.ts";

/** A command of Flower that needs its hosted service. */
export interface HostedCommand {
  readonly name: string;
  /** Its purpose, for the help. */
  readonly purpose: string;
  /** An alternative, for the error's hint. */
  readonly hint?: string;
}

/**
 * Creates a command that accepts any arguments and fails with an error that says it is not supported.
 *
 * @param path the words before the command's name, such as "federation "
 */
export function unsupportedCommand(
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
          `"flwr ${path}${name}" is not supported: it needs Flower's hosted service`,
          { hints: hint === undefined ? [] : [hint] },
        );
      });
    });
}
