import { type Command, Option } from "commander";
import { type Device, DEVICES } from "../../ml/engine/device.ts";
import { MAX_THREADS } from "../../ml/engine/limits.ts";
import type { ConnectionFlags } from "../flags/connection_options.ts";
import { type Isolation, ISOLATIONS } from "../flags/isolation.ts";
import { wholeNumber } from "../flags/whole_number.ts";
import type { IdentityFlags } from "./identity.ts";

/** The `supernode` command's flags as commander parses them. */
export interface SuperNodeFlags extends ConnectionFlags, IdentityFlags {
  dir: string;
  name?: string;
  nodeConfig?: string;
  threads?: number;
  device: Device;
  isolation: Isolation;
  host: string;
  port?: number;
  sslCertfile?: string;
  sslKeyfile?: string;
  sslCaCertfile?: string;
  superexecAuthSecretFile?: string;
  python?: string;
  allowRuntimeDependencyInstallation: boolean;
  allowRead: readonly string[];
  trustedEntities?: string;
  healthServerAddress?: string;
  sendErrorDetails: boolean;
}

/** Where a SuperLink is looked for when no flag says so: where today's has its HTTP APIs. */
export const DEFAULT_SUPERLINK = "127.0.0.1:8000";

/** Where the node's own Runtime API listens by default, as in Flower. */
export const DEFAULT_RUNTIME_PORT = 9094;

const MAX_PORT = 65_535;

/** Gives the `supernode` command the flags that are its own. */
export function addSuperNodeOptions(command: Command): Command {
  addIdentityOptions(command);
  addAppOptions(command);
  addPythonOptions(command);
  return command.option(
    "--health-server-address <host:port>",
    "serve gRPC's health service there, without TLS (default: none)",
  );
}

function addIdentityOptions(command: Command): void {
  command
    .option(
      "--name <name>",
      "what the SuperLink's log and ServerApps call this node, unless the SuperLink's owner named it (default: its id)",
    )
    .option(
      "--auth-supernode-private-key <file>",
      "this node's private key, OpenSSH or PEM, by which the SuperLink knows it (default: none)",
    )
    .option(
      "--auth-supernode-public-key <file>",
      "the public key that belongs to it, which is compared with it; no longer needed (default: none)",
    )
    .option(
      "--auth-superlink-public-key <file>",
      "refuse any SuperLink that names another key; Flower 1.8 to 1.14's wire only (default: any)",
    )
    .option(
      "--node-config <pairs>",
      `settings for ClientApps, as "partition-id=0 num-partitions=2" (default: none)`,
    );
}

function addAppOptions(command: Command): void {
  command
    .option("--dir <folder>", "folder that holds the app named here", ".")
    .addOption(
      new Option(
        "--threads <n>",
        "threads that train (default: this SuperNode's part of the machine's cores)",
      ).argParser(wholeNumber({ from: 1, to: MAX_THREADS })),
    )
    .addOption(
      new Option("--device <device>", "what trains; an error if it cannot be used")
        .choices(DEVICES).default("cpu"),
    )
    .addOption(
      new Option(
        "--allow-read <folder>",
        "let TypeScript apps that runs bring along read this folder, too; may be repeated",
      ).default([], "none").argParser((folder: string, before: readonly string[]) => [
        ...before,
        folder,
      ]),
    )
    .option(
      "--send-error-details",
      "tell the SuperLink the texts of errors, which may name cells and paths; without it their kind and place in the app",
      false,
    )
    .option(
      "--trusted-entities <file>",
      'take only apps that one of these signed: YAML, "fpk_id: ssh-ed25519 …" (default: every app)',
    );
}

function addPythonOptions(command: Command): void {
  command
    .option(
      "--python <file>",
      "the Python, in an environment with flwr, that runs Python apps, which nothing confines (default: flwr-clientapp on PATH)",
    )
    .addOption(
      new Option(
        "--isolation <mode>",
        '"subprocess": start Python apps here; "process": leave that to flower-superexec',
      ).choices(ISOLATIONS).default("subprocess"),
    )
    .option("--host <host>", "where Python apps reach this node", "127.0.0.1")
    .addOption(
      new Option(
        "--port <port>",
        `the port of --host (default: ${DEFAULT_RUNTIME_PORT}, or a free one when that is taken)`,
      ).argParser(wholeNumber({ to: MAX_PORT })),
    )
    .option("--ssl-certfile <file>", "PEM file with the certificate for --host (default: no TLS)")
    .option("--ssl-keyfile <file>", "PEM file with that certificate's private key (default: none)")
    .option(
      "--ssl-ca-certfile <file>",
      "PEM file with the CA certificate that signed it (default: none)",
    )
    .option(
      "--superexec-auth-secret-file <file>",
      "with --isolation process: the secret that flower-superexec must know (default: none)",
    )
    .option(
      "--allow-runtime-dependency-installation",
      "let Python apps install what their pyproject.toml asks for, from the package index",
      false,
    );
}
