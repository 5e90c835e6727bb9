import { Command } from "commander";
import { load } from "../../base/load.ts";
import { MAX_NODES_PER_WORKER, MAX_WORKERS_PER_RUN } from "../../entities/node_job.ts";
import { addTrustOptions } from "../flags/connection_options.ts";
import { allowReadOption } from "../flags/launch_flags.ts";
import { addLogOptions, applyLogOptions, type LogFlags } from "../flags/log_options.ts";
import { onShutdown } from "../flags/shutdown.ts";
import { shellLine } from "../flags/shell_line.ts";
import { readFlagAddress, UsageError, wholeNumber } from "../flags/values.ts";
import { printLine, printMessage } from "../output/print_line.ts";
import { jobManifest, MANIFEST_NAME } from "./manifest.ts";
import type { SimulationWorkerFlags } from "./config.ts";

const EXAMPLE = `
Example:
  flwr simulation-worker --superlink 192.0.2.1:8000 --root-certificates ca.crt --token-file run.token

Start the run, on a SuperLink that simulates nodes:
  flwr run my-app my-superlink --engine workers --token-file run.token

A worker ends when its run ends. You can start and stop workers at any time. If a worker stops, the others take over its
nodes, and the results stay the same.
`;

/** The characters of image names, with registry, tag and digest. */
const IMAGE = /^[\w./:@-]+$/;

/** The `simulation-worker` command. */
export function command(): Command {
  const command = new Command("simulation-worker")
    .description(
      "Start a worker, which runs simulated nodes for one run of a SuperLink on another machine.",
    )
    .option("--superlink <host:port>", "HTTP address of the SuperLink", "127.0.0.1:8000")
    .option(
      "--token-file <file>",
      "file with the run's token; flwr run --engine workers writes this file (default: none; required unless you give --print-manifest)",
    )
    .option(
      "--workers <n>",
      "number of nodes to simulate at the same time (default: the number of cores)",
      wholeNumber({ from: 1, to: MAX_NODES_PER_WORKER }),
    )
    .addOption(allowReadOption("ClientApps"))
    .option(
      "--print-manifest",
      "print the manifest of a Kubernetes Job that runs workers, and exit",
      false,
    )
    .option(
      "--image <image>",
      "for --print-manifest: container image with flwr as its entry point (default: none; required with --print-manifest)",
    )
    .option(
      "--pods <n>",
      "for --print-manifest: number of pods, each of which runs one worker (default: 1)",
      wholeNumber({ from: 1, to: MAX_WORKERS_PER_RUN }),
    )
    .addHelpText("after", EXAMPLE)
    .action(async (flags: SimulationWorkerFlags & LogFlags) => {
      if (flags.printManifest) return printManifest(flags);
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

function printManifest(flags: SimulationWorkerFlags): void {
  const { image, pods = 1, workers = 1, superlink, insecure, rootCertificates } = flags;
  readFlagAddress("--superlink", superlink);
  if (image === undefined) {
    throw new UsageError("invalid-argument", "--print-manifest needs --image", {
      hints: ["Name a container image with flwr as its entry point"],
    });
  }
  if (!IMAGE.test(image)) {
    throw new UsageError("invalid-argument", `--image: "${image}" is not the name of an image`, {
      hints: ["Name one with its registry, for example registry.example/flwr:0.4.0"],
    });
  }
  const hasAuthority = rootCertificates !== undefined;
  const slots = workers;
  const manifest = jobManifest({ image, pods, slots, address: superlink, insecure, hasAuthority });
  for (const line of manifest.trimEnd().split("\n")) printLine(line);
  const words = [
    ...["kubectl", "create", "secret", "generic", MANIFEST_NAME, "--from-file=token=run.token"],
    ...(hasAuthority ? [`--from-file=ca.crt=${rootCertificates}`] : []),
  ];
  printMessage(`Before you apply it: ${shellLine(words)}`);
}
