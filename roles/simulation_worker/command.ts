import { Command } from "commander";
import { load } from "../../base/load.ts";
import { addTrustOptions } from "../flags/connection_options.ts";
import { allowReadOption } from "../flags/launch_flags.ts";
import { addLogOptions, applyLogOptions, type LogFlags } from "../flags/log_options.ts";
import { onShutdown } from "../flags/shutdown.ts";
import { wholeNumber } from "../flags/values.ts";
import { MAX_WORKERS, type SimulationWorkerFlags } from "./config.ts";

const EXAMPLE = `
Example: send a run to a SuperLink whose nodes are simulated, and start workers for it on other machines:
  flwr run my-app my-superlink --engine workers --token-file run.token
  flwr simulation-worker --superlink 192.0.2.1:8000 --root-certificates ca.crt --token-file run.token

A worker ends when its run ends. You may start and end workers at any time: the nodes of a worker that is gone are
computed by the others, with the same results.
`;

/** The `simulation-worker` command. */
export function command(): Command {
  const command = new Command("simulation-worker")
    .description(
      "Start a worker, which runs the ClientApp for simulated nodes of a run on another machine.",
    )
    .requiredOption("--superlink <host:port>", "HTTP address of the SuperLink")
    .requiredOption(
      "--token-file <file>",
      "file with the token of the run, which flwr run --engine workers writes",
    )
    .option(
      "--workers <n>",
      "number of nodes to compute at the same time (default: the number of cores)",
      wholeNumber({ from: 1, to: MAX_WORKERS }),
    )
    .addOption(allowReadOption("ClientApps"))
    .addHelpText("after", EXAMPLE)
    .action(async (flags: SimulationWorkerFlags & LogFlags) => {
      applyLogOptions(flags);
      using shutdown = onShutdown();
      const [{ readWorkerConfig }, { runSimulationWorker }] = await Promise.all([
        load<typeof import("./config.ts")>(new URL("./config.ts", import.meta.url)),
        load<typeof import("./start.ts")>(new URL("./start.ts", import.meta.url)),
      ]);
      await runSimulationWorker(await readWorkerConfig(flags), shutdown.signal);
    });
  return addLogOptions(addTrustOptions(command));
}
