import { Command, Option } from "commander";
import { load } from "../../../base/load.ts";
import { addConnectionOptions } from "../../flags/connection_options.ts";
import type { CommandTable } from "../../flags/command_table.ts";
import { addForeignOptions, type ForeignOption } from "../../flags/foreign_options.ts";
import { addLogOptions, applyLogOptions, type LogFlags } from "../../flags/log_options.ts";
import { formatOption } from "../../output/format.ts";
import { DEFAULT_ADDRESS, type LocalRunFlags } from "../../flags/server_app.ts";
import { DEFAULT_WAIT_SECONDS, ENGINES } from "./workers/engine_flags.ts";
import { isFolder, runForm } from "./form.ts";
import type { SubmitFlags } from "./submit.ts";
import { onShutdown } from "../../flags/shutdown.ts";
import { wholeNumber } from "../../flags/values.ts";
import {
  MAX_NODES_PER_WORKER,
  MAX_VIRTUAL_NODES,
  MAX_WORKERS_PER_RUN,
} from "../config/simulation_settings.ts";

const EXAMPLE = `
There are two ways to run an app:

1. APP is a folder (default: "."). The command sends the app in it to a SuperLink, which runs its ServerApp. The folder
   must contain a pyproject.toml or flwr.toml. SUPERLINK is the name of a connection in config.toml ("flwr config list"
   shows them), or host:port of the SuperLink's HTTP API. With host:port, use --insecure or --root-certificates to choose
   the kind of connection.

   With --stream, the exit status is 0 only if the run completed and every node contributed. It is 3 if some node never
   contributed. Ctrl-C stops following the log; the run continues. With --format json as well, the log goes to stderr, and
   stdout gets one JSON object at the end, which reports how the run ended.

2. APP is "module:name". For example, server:app is the export "app" of server.ts or server.js. The ServerApp runs in
   this process, and uses the SuperLink's Driver API at --server. The exit status is 0 only if the run succeeded. Ctrl-C
   stops the run.

Examples:
  flwr run my-app
  flwr run . my-superlink --stream -c "num-rounds=3 lr=0.1"
  flwr run . 127.0.0.1:8000 --insecure --format json
  flwr run . my-superlink --resume 15950113740962349189 -c num-rounds=20

  flwr run server:app \\
    --root-certificates certificates/ca.crt \\
    --server 127.0.0.1:9091 \\
    --run-config "num-rounds=3"
`;

/** The `run` command. */
export function command(_name: string, { runLocally }: Pick<CommandTable, "runLocally">): Command {
  const command = new Command("run")
    .description("Run an app: send it to a SuperLink, or run its ServerApp in this process.")
    .argument("[app]", 'an app\'s folder, or a ServerApp as "module:name" (default: ".")')
    .argument("[superlink]", "for a folder: name of a connection, or host:port")
    .option(
      "-c, --run-config <pairs>",
      'settings for the run, for example "num-rounds=3", or a TOML file; repeatable (default: none)',
      (value: string, before: readonly string[] = []) => [...before, value],
    )
    .option(
      "--stream",
      "for a folder: follow the run's log until the run ends (default: only with simulated nodes on this machine)",
    )
    .option("--no-stream", "for a folder: do not follow the run's log (default: see --stream)")
    .option(
      "--no-check",
      "for a folder: do not check the app's types before sending it (default: check them)",
    )
    .option(
      "--federation <id>",
      "for a folder: federation to run in, @account/name (default: the SuperLink's own)",
    )
    .option(
      "--nodes <count>",
      "for a folder: number of simulated nodes (default: the federation's number, initially 2)",
      wholeNumber({ from: 1, to: MAX_VIRTUAL_NODES }),
    )
    .option(
      "--federation-config <pairs>",
      'for a folder: settings of the simulation, for example "num-supernodes=100 client-resources-num-cpus=2" (default: the federation\'s)',
    )
    .addOption(
      new Option(
        "--engine <engine>",
        'for a folder: where simulated nodes run: "local", on the SuperLink\'s machine; "workers", in workers that you start; "slurm" or "ray", in workers that Slurm or Ray starts (default: local)',
      ).choices(ENGINES),
    )
    .option(
      "--token-file <file>",
      "for a folder with --engine: new file for the token of the run's workers (default: in ~/.flwr/workers)",
    )
    .option(
      "--workers <n>",
      "for a folder with --engine slurm or ray: number of workers (default: 1)",
      wholeNumber({ from: 1, to: MAX_WORKERS_PER_RUN }),
    )
    .option(
      "--nodes-per-worker <n>",
      "for a folder with --engine slurm or ray: number of nodes that each worker simulates at the same time; each gets client-resources-num-cpus cores, by default one (default: 1)",
      wholeNumber({ from: 1, to: MAX_NODES_PER_WORKER }),
    )
    .option(
      "--worker-superlink <host:port>",
      "for a folder with --engine slurm or ray: address at which the workers reach the SuperLink (default: that of the connection)",
    )
    .option(
      "--engine-address <url>",
      "for a folder with --engine ray: address of Ray's dashboard, for example http://head:8265 (default: none; required with --engine ray)",
    )
    .option(
      "--engine-option <option>",
      "for a folder with --engine slurm: an option of sbatch, for example --engine-option=--partition=long; repeatable (default: none)",
      (value: string, before: readonly string[] = []) => [...before, value],
    )
    .option(
      "--engine-wait <seconds>",
      `for a folder with --engine slurm or ray: stop the run if no worker has started after this many seconds (default: ${DEFAULT_WAIT_SECONDS})`,
      wholeNumber({ from: 1 }),
    )
    .option(
      "--node-table <file>",
      "for a folder: CSV or JSON file with the settings of each simulated node; the first row is for partition 0 (default: none)",
    )
    .option(
      "--tensorboard <folder>",
      "for a folder: follow the log as with --stream, then write the run's metrics for TensorBoard to run-<id> in this folder (default: none)",
    )
    .addOption(formatOption())
    .option("--dir <folder>", "for module:name: folder that contains the app", ".")
    .option(
      "--json <file>",
      "for module:name: also write the run's history to this file (default: none)",
    )
    .option(
      "--artifacts <folder>",
      "for module:name: new or empty folder for the files that the ServerApp saves (default: run-<id>)",
    )
    .option(
      "--resume <run>",
      "continue from the last checkpoint of another run; for a folder: that run's id; for module:name: that run's folder (default: start from the beginning)",
    )
    .addHelpText("after", EXAMPLE);
  addLogOptions(addConnectionOptions(command, DEFAULT_ADDRESS));
  addForeignOptions(command, RUN_FOREIGN);
  return command.action((app, superlink, flags, command) =>
    run({ app, superlink, flags, command, runLocally })
  );
}

type RunFlags = LogFlags & Omit<LocalRunFlags & SubmitFlags, "runConfig"> & {
  readonly runConfig?: readonly string[];
};

/** The command line of `flwr run`, and the function that runs a ServerApp in this process. */
interface RunCall extends Pick<CommandTable, "runLocally"> {
  readonly app: string | undefined;
  readonly superlink: string | undefined;
  readonly flags: RunFlags;
  readonly command: Command;
}

async function run({ app, superlink, flags: given, command, runLocally }: RunCall): Promise<void> {
  const { runConfig = [], ...flags } = given;
  const form = runForm({ app, superlink, flags: givenFlags(command) }, isFolder);
  if (form.kind === "here") {
    applyLogOptions(flags);
    using shutdown = onShutdown();
    await runLocally(form.spec, { ...flags, runConfig }, shutdown.signal);
  } else {
    const { submit } = await load<typeof import("./submit.ts")>(
      new URL("./submit.ts", import.meta.url),
    );
    await submit(form.folder, form.superlink, { ...flags, runConfig });
  }
}

/** Long names of the flags on the command line. */
function givenFlags(command: Command): string[] {
  return command.options
    .filter((option) => command.getOptionValueSource(option.attributeName()) === "cli")
    .map((option) => option.long!);
}

const NO_BUNDLES = {
  reason: "the app is loaded from its folder, not from an installed bundle (FAB)",
  hint: "Leave the flag out, and set the folder with --dir",
};

/** Flags of Flower's own `flower-server-app` 1.9 and today's `flwr run` that are refused with a reason. */
export const RUN_FOREIGN: readonly ForeignOption[] = [
  { flags: "--fab-id <id>", refusal: () => NO_BUNDLES },
  { flags: "--fab-version <version>", refusal: () => NO_BUNDLES },
];
