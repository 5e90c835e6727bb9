import type { Command } from "commander";
import { load } from "../../base/load.ts";

/** Name under which commander keeps the value of `--config`. */
const CONFIG = "config";

/**
 * Adds `--config`, a TOML file with flags of the command. A flag on the command line takes precedence over the file. The
 * file is read before the command's action, which then sees its values like those of flags.
 */
export function addConfigOption(command: Command): Command {
  return command
    .option(
      "--config <file>",
      "TOML file with flags of this command, named as here without the dashes; flags on the command line take precedence (default: none)",
    )
    // Also called before the actions of subcommands, which have no such file.
    .hook("preAction", async (_, called) => {
      const file: string | undefined = command.getOptionValue(CONFIG);
      if (called !== command || file === undefined) return;
      const { applyConfigFile } = await load<typeof import("./config_file.ts")>(
        new URL("./config_file.ts", import.meta.url),
      );
      await applyConfigFile(command, file);
    });
}
