import { Command, InvalidArgumentError, Option } from "commander";
import { ConfigRecord } from "../app/config_record.ts";
import { parseConfigString } from "../app/config_string.ts";
import { systemClock } from "../base/clock.ts";
import { log } from "../base/log.ts";
import { systemRandom } from "../base/random.ts";
import { registerTrainer } from "../ml/cores/trainer_slot.ts";
import { type Device, DEVICES } from "../ml/session/device.ts";
import { MAX_THREADS } from "../ml/session/limits.ts";
import { FleetConnection19 } from "../rpc/dialects/flwr-1.9/client/fleet_connection.ts";
import { openChannel } from "../rpc/channel.ts";
import { findAppModule } from "./app_module.ts";
import {
  addConnectionOptions,
  type ConnectionFlags,
  readConnection,
} from "./connection_options.ts";
import { addForeignOptions, SUPERNODE_FOREIGN } from "./foreign_options.ts";
import { addLogOptions, applyLogOptions, type LogFlags } from "./log_options.ts";
import { logRetry } from "./log_retry.ts";
import { onShutdown } from "./shutdown.ts";
import { AppHost } from "./supernode/app_host.ts";
import { type IdentityFlags, readIdentity } from "./supernode/identity.ts";
import { SuperNode } from "./supernode/node.ts";
import { RunCatalogue } from "./supernode/runs/run_catalogue.ts";

const DEFAULT_ADDRESS = "127.0.0.1:9092";

const EXAMPLE = `
Example, with TLS and authentication (files as "flwr keys generate" makes them):
  flwr supernode client:app \\
    --root-certificates certificates/ca.crt \\
    --server 127.0.0.1:9092 \\
    --auth-supernode-private-key keys/client_credentials_1 \\
    --auth-supernode-public-key keys/client_credentials_1.pub

"client:app" means: what client.ts (or client.js) exports under the name "app".
`;

interface SuperNodeFlags extends ConnectionFlags, IdentityFlags, LogFlags {
  dir: string;
  nodeConfig?: string;
  threads?: number;
  device: Device;
}

/** The `supernode` command. */
export function command(): Command {
  const command = new Command("supernode")
    .description("Start a SuperNode: it runs a ClientApp on this machine's data.")
    .argument("<client-app>", 'the ClientApp as "module:name", for example client:app')
    .option("--dir <folder>", "folder that holds the app", ".")
    .option(
      "--auth-supernode-private-key <file>",
      "this node's private key, OpenSSH or PEM (default: none)",
    )
    .option("--auth-supernode-public-key <file>", "this node's public key, OpenSSH (default: none)")
    .option(
      "--auth-superlink-public-key <file>",
      "refuse any SuperLink that names another key (default: any)",
    )
    .option(
      "--node-config <pairs>",
      `settings for the ClientApp, as "partition-id=0 num-partitions=2" (default: none)`,
    )
    .addOption(
      new Option(
        "--threads <n>",
        "threads that train (default: this SuperNode's part of the machine's cores)",
      ).argParser(threadCount),
    )
    .addOption(
      new Option("--device <device>", "what trains; an error if it cannot be used")
        .choices(DEVICES).default("cpu"),
    )
    .addHelpText("after", EXAMPLE)
    .action(async (spec: string, flags: SuperNodeFlags) => {
      applyLogOptions(flags);
      using shutdown = onShutdown();
      await runSuperNode(spec, flags, shutdown.signal);
    });
  addLogOptions(addConnectionOptions(command, DEFAULT_ADDRESS));
  return addForeignOptions(command, SUPERNODE_FOREIGN);
}

function threadCount(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= MAX_THREADS) return count;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${MAX_THREADS}.`);
}

async function runSuperNode(
  spec: string,
  flags: SuperNodeFlags,
  signal: AbortSignal,
): Promise<void> {
  const nodeConfig = parseConfigString(flags.nodeConfig ?? "", "--node-config");
  const { address, tls } = await readConnection(flags, DEFAULT_ADDRESS);
  const identity = await readIdentity(flags);
  // Registered before the first training, so that SuperNodes started together share the cores from the start.
  using _cores = registerTrainer({ kind: "reserved" });
  const { threads, device } = flags;
  using app = await AppHost.start(await findAppModule(spec, flags.dir), { threads, device });
  log("supernode").info("ClientApp {spec} is loaded; connecting to {address}", { spec, address });
  const channel = openChannel({
    address,
    tls,
    retry: { maxRetries: flags.maxRetries, maxWaitTime: flags.maxWaitTime },
    onRetry: logRetry,
  });
  const connection = new FleetConnection19(channel, identity);
  const node = new SuperNode({
    connection,
    runs: new RunCatalogue(connection, {
      appFor: (run) =>
        Promise.resolve({ handler: app, runConfig: run?.overrideConfig ?? new ConfigRecord() }),
    }),
    nodeConfig,
    superLink: address,
    clock: systemClock,
    random: systemRandom,
  });
  try {
    await node.run(signal);
  } finally {
    connection.close();
  }
}
