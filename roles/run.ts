import { Command } from "commander";
import { load } from "../base/load.ts";
import { addConnectionOptions } from "./connection_options.ts";
import { addForeignOptions } from "./foreign_options.ts";
import { RUN_FOREIGN } from "./run/foreign_flags.ts";
import { addLogOptions, applyLogOptions, type LogFlags } from "./log_options.ts";
import { formatOption } from "./output/format.ts";
import { DEFAULT_ADDRESS } from "./run/default_address.ts";
import { isFolder, runForm } from "./run/form.ts";
import type { HereFlags } from "./run/here.ts";
import type { SubmitFlags } from "./run/submit.ts";
import { onShutdown } from "./shutdown.ts";

const EXAMPLE = `
There are two ways to run an app:

APP is a folder (default: "."): the app in it, with its pyproject.toml or flwr.toml, is sent to a SuperLink, which runs
its ServerApp. SUPERLINK is the name of a connection in config.toml (in $FLWR_HOME or ~/.flwr; flwr config list shows
them), or host:port of the SuperLink's HTTP API, for which --insecure and --root-certificates are. With --stream the
exit status is 0 only if the run completed; Ctrl-C ends following the log, and the run goes on. With --stream and
--format json the log goes to stderr, and one JSON object says at the end how the run ended.

APP is "module:name": the ServerApp that server.ts (or server.js) exports under the name "app" is run in this process,
against the SuperLink's Driver API at --server. The exit status is 0 only if the run succeeded; Ctrl-C stops it.

Examples:
  flwr run my-app
  flwr run . my-superlink --stream -c "num-rounds=3 lr=0.1"
  flwr run . 127.0.0.1:8000 --insecure --format json

  flwr run server:app \\
    --root-certificates certificates/ca.crt \\
    --server 127.0.0.1:9091 \\
    --run-config "num-rounds=3"
`;

/** The `run` command. */
export function command(): Command {
  const command = new Command("run")
    .description("Run an app: send it to a SuperLink, or run its ServerApp here.")
    .argument("[app]", 'the app\'s folder, or its ServerApp as "module:name" (default: ".")')
    .argument("[superlink]", "for a folder: a connection's name, or host:port")
    .option(
      "-c, --run-config <pairs>",
      'settings for the run, as "num-rounds=3", or a TOML file; may be repeated (default: none)',
      (value: string, before: readonly string[] = []) => [...before, value],
    )
    .option("--stream", "for a folder: follow the run's log until it is over", false)
    .option(
      "--no-check",
      "for a folder: send the app without checking its types (default: they are checked)",
    )
    .option("--federation <id>", "for a folder: @account/name (default: the SuperLink's own)")
    .addOption(formatOption())
    .option("--dir <folder>", "for module:name: folder that holds the app", ".")
    .option(
      "--json <file>",
      "for module:name: also write the run's history to this file (default: none)",
    )
    .option(
      "--artifacts <folder>",
      "for module:name: a new or empty folder for what the ServerApp saves (default: run-<id>)",
    )
    .addHelpText("after", EXAMPLE);
  addLogOptions(addConnectionOptions(command, DEFAULT_ADDRESS));
  addForeignOptions(command, RUN_FOREIGN);
  return command.action(run);
}

type RunFlags = LogFlags & Omit<HereFlags & SubmitFlags, "runConfig"> & {
  readonly runConfig?: readonly string[];
};

async function run(
  app: string | undefined,
  superlink: string | undefined,
  { runConfig = [], ...flags }: RunFlags,
  command: Command,
): Promise<void> {
  const form = runForm({ app, superlink, flags: givenFlags(command) }, isFolder);
  if (form.kind === "here") {
    applyLogOptions(flags);
    using shutdown = onShutdown();
    const { runHere } = await load<typeof import("./run/here.ts")>(
      new URL("./run/here.ts", import.meta.url),
    );
    await runHere(form.spec, { ...flags, runConfig }, shutdown.signal);
  } else {
    const { submit } = await load<typeof import("./run/submit.ts")>(
      new URL("./run/submit.ts", import.meta.url),
    );
    await submit(form.folder, form.superlink, { ...flags, runConfig });
  }
}

/** The long names of the flags that are on the command line. */
function givenFlags(command: Command): string[] {
  return command.options
    .filter((option) => command.getOptionValueSource(option.attributeName()) === "cli")
    .map((option) => option.long!);
}
