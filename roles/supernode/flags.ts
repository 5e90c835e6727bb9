import { type Command, Option } from "commander";
import { type Device, DEVICES } from "../../ml/engine/device.ts";
import { MAX_THREADS } from "../../ml/engine/limits.ts";
import type { ConnectionFlags } from "../flags/connection_options.ts";
import { allowReadOption, type Isolation, ISOLATIONS } from "../flags/launch_flags.ts";
import { addMetricsOptions, type MetricsFlags } from "../flags/metrics_flags.ts";
import { wholeNumber } from "../flags/values.ts";
import type { IdentityFlags } from "./identity.ts";

/** Flags of the `supernode` command, as commander parses them. */
export interface SuperNodeFlags extends ConnectionFlags, IdentityFlags, MetricsFlags {
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
  trustedNodeKeys?: string;
  healthServerAddress?: string;
  sendErrorDetails: boolean;
}

/** Default address of the SuperLink: that of its HTTP APIs. */
export const DEFAULT_SUPERLINK = "127.0.0.1:8000";

/** Default port of the node's own Runtime API, as in Flower. */
export const DEFAULT_RUNTIME_PORT = 9094;

const MAX_PORT = 65_535;

/** Adds the flags of the `supernode` command. */
export function addSuperNodeOptions(command: Command): Command {
  addIdentityOptions(command);
  addAppOptions(command);
  addPythonOptions(command);
  return addMetricsOptions(command).option(
    "--health-server-address <host:port>",
    "address of a gRPC health service, without TLS (default: none)",
  );
}

function addIdentityOptions(command: Command): void {
  command
    .option(
      "--name <name>",
      "this node's name in logs and results; a name that the SuperLink's owner gave it takes precedence (default: its id)",
    )
    .option(
      "--auth-supernode-private-key <file>",
      "file with the private key that identifies this node, OpenSSH or PEM (default: a new one at each start)",
    )
    .option(
      "--auth-supernode-public-key <file>",
      "file with the matching public key; optional, only used to check the private key (default: none)",
    )
    .option(
      "--auth-superlink-public-key <file>",
      "public key that the SuperLink must present; only with the protocol of Flower 1.8 to 1.14 (default: any)",
    )
    .option(
      "--trusted-node-keys <file>",
      "CSV file with the OpenSSH public keys of the nodes with which this node does secure aggregation; needs --auth-supernode-private-key (default: none)",
    )
    .option(
      "--node-config <pairs>",
      `settings for ClientApps, for example "partition-id=0 num-partitions=2" (default: none)`,
    );
}

function addAppOptions(command: Command): void {
  command
    .option("--dir <folder>", "folder that contains the app", ".")
    .addOption(
      new Option(
        "--threads <n>",
        "number of threads for training (default: this SuperNode's share of the machine's cores)",
      ).argParser(wholeNumber({ from: 1, to: MAX_THREADS })),
    )
    .addOption(
      new Option(
        "--device <device>",
        "hardware for training (the command fails if it is not available)",
      )
        .choices(DEVICES).default("cpu"),
    )
    .addOption(allowReadOption("TypeScript apps from runs"))
    .option(
      "--send-error-details",
      "send full error messages to the SuperLink; they may contain table cells and paths. Without this flag, only the kind of error and its place in the app are sent",
      false,
    )
    .option(
      "--trusted-entities <file>",
      'YAML file of public keys, "fpk_id: ssh-ed25519 …"; run only apps signed with one of these keys (default: every app)',
    );
}

function addPythonOptions(command: Command): void {
  command
    .option(
      "--python <file>",
      "Python executable that runs Python apps, which are not sandboxed; its environment must contain flwr (default: flwr-clientapp on PATH)",
    )
    .addOption(
      new Option(
        "--isolation <mode>",
        '"subprocess": this program starts Python apps; "process": flower-superexec starts them',
      ).choices(ISOLATIONS).default("subprocess"),
    )
    .option("--host <host>", "address on which this node listens for its Python apps", "127.0.0.1")
    .addOption(
      new Option(
        "--port <port>",
        `port on which this node listens for its Python apps (default: ${DEFAULT_RUNTIME_PORT}, or a free one if that is taken)`,
      ).argParser(wholeNumber({ to: MAX_PORT })),
    )
    .option("--ssl-certfile <file>", "PEM file with the certificate for --host (default: no TLS)")
    .option("--ssl-keyfile <file>", "PEM file with that certificate's private key (default: none)")
    .option(
      "--ssl-ca-certfile <file>",
      "PEM file with the certificate of the CA that signed the --ssl-certfile certificate (default: none)",
    )
    .option(
      "--superexec-auth-secret-file <file>",
      "with --isolation process: file with the shared secret that flower-superexec must present (default: none)",
    )
    .option(
      "--allow-runtime-dependency-installation",
      "let Python apps install the dependencies of their pyproject.toml from the package index",
      false,
    );
}
