import type { ForeignOption } from "../flags/foreign_options.ts";
import { type Command, Option } from "commander";
import {
  addLaunchOptions,
  DEFAULT_LAUNCH_FLAGS,
  type Isolation,
  ISOLATIONS,
  type LaunchFlags,
} from "../flags/launch_flags.ts";
import { wholeNumber } from "../flags/values.ts";
import { addRetentionOptions, DEFAULT_RETENTION_FLAGS, type RetentionFlags } from "./retention.ts";

/** What switches a listener off, in the place of its address or port. */
export const OFF = "none";

/** The `superlink` command's flags as commander parses them. */
export interface SuperLinkFlags extends LaunchFlags, RetentionFlags {
  insecure: boolean;
  sslCaCertfile?: string;
  sslCertfile?: string;
  sslKeyfile?: string;
  enableSupernodeAuth: boolean;
  authListPublicKeys?: string;
  authSuperlinkPrivateKey?: string;
  authSuperlinkPublicKey?: string;
  host: string;
  port: string;
  allowedHost?: string;
  fleetApiAddress: string;
  controlApiAddress: string;
  driverApiAddress: string;
  healthServerAddress?: string;
  controlApiAllowRemote: boolean;
  runtimeApiAllowRemote: boolean;
  driverApiAllowRemote: boolean;
  database: string;
  isolation: Isolation;
  superexecAuthSecretFile?: string;
  logFile?: string;
  logRotationIntervalHours: number;
  logRotationMaxMib: number;
  logRotationBackupCount: number;
}

/** The flags when none is given, but for `--insecure`. */
export const DEFAULT_FLAGS: SuperLinkFlags = {
  ...DEFAULT_LAUNCH_FLAGS,
  ...DEFAULT_RETENTION_FLAGS,
  insecure: false,
  enableSupernodeAuth: false,
  host: "127.0.0.1",
  port: "8000",
  fleetApiAddress: "127.0.0.1:9092",
  controlApiAddress: "127.0.0.1:9093",
  driverApiAddress: "127.0.0.1:9091",
  controlApiAllowRemote: false,
  runtimeApiAllowRemote: false,
  driverApiAllowRemote: false,
  database: ":memory:",
  isolation: "subprocess",
  logRotationIntervalHours: 24,
  logRotationMaxMib: 100,
  logRotationBackupCount: 7,
};

/** Gives the `superlink` command its flags. */
export function addSuperLinkOptions(command: Command): Command {
  addIdentityOptions(command);
  addListenerOptions(command);
  addRunOptions(command);
  return command
    .option(
      "--log-file <file>",
      "also write the log to this file, without colours, and rotate it (default: none)",
    )
    .addOption(
      new Option("--log-rotation-interval-hours <n>", "hours after which a new log file is begun")
        .default(DEFAULT_FLAGS.logRotationIntervalHours).argParser(wholeNumber({ from: 1 })),
    )
    .addOption(
      new Option(
        "--log-rotation-max-mib <n>",
        "begin a new log file, too, before one becomes larger than this many MiB",
      ).default(DEFAULT_FLAGS.logRotationMaxMib).argParser(wholeNumber({ from: 1 })),
    )
    .addOption(
      new Option("--log-rotation-backup-count <n>", "number of older log files to keep")
        .default(DEFAULT_FLAGS.logRotationBackupCount).argParser(wholeNumber({})),
    );
}

function addIdentityOptions(command: Command): void {
  command
    .option(
      "--insecure",
      "serve without TLS; anyone on the way can read and change messages",
      DEFAULT_FLAGS.insecure,
    )
    .option(
      "--ssl-ca-certfile <file>",
      "PEM file with the CA certificate that signed the server's (default: none)",
    )
    .option("--ssl-certfile <file>", "PEM file with the server's certificate (default: none)")
    .option("--ssl-keyfile <file>", "PEM file with the server's private key (default: none)")
    .option(
      "--enable-supernode-auth",
      'admit only SuperNodes whose public keys were registered with "flwr supernode register", or are listed',
      DEFAULT_FLAGS.enableSupernodeAuth,
    )
    .option(
      "--auth-list-public-keys <csv>",
      "admit SuperNodes whose public keys stand in this file; read again when it changes; goes with --enable-supernode-auth, or with both files of the key pair below (default: none)",
    )
    .option(
      "--auth-superlink-private-key <file>",
      "the SuperLink's private key, OpenSSH or PEM, by which SuperNodes of Flower 1.8 to 1.14 know it (default: one made at each start)",
    )
    .option(
      "--auth-superlink-public-key <file>",
      "the SuperLink's public key, OpenSSH (default: none)",
    );
}

function addListenerOptions(command: Command): void {
  command
    .option(
      "--host <host>",
      "where today's SuperNodes, apps and the flwr command connect, over HTTP",
      DEFAULT_FLAGS.host,
    )
    .option("--port <port>", `the port of --host; "${OFF}" for no HTTP`, DEFAULT_FLAGS.port)
    .option(
      "--allowed-host <names>",
      'other host names under which callers reach this SuperLink over HTTP, through a proxy for example, with commas between them; "*" for any (default: none)',
    )
    .option(
      "--fleet-api-address <host:port>",
      `where SuperNodes that speak gRPC connect (Flower up to 1.38); "${OFF}" for not at all`,
      DEFAULT_FLAGS.fleetApiAddress,
    )
    .option(
      "--control-api-address <host:port>",
      `where the flwr command of Flower up to 1.36 connects, over gRPC; "${OFF}" for not at all`,
      DEFAULT_FLAGS.controlApiAddress,
    )
    .option(
      "--driver-api-address <host:port>",
      `where ServerApps that were started by hand connect, over gRPC; "${OFF}" for not at all`,
      DEFAULT_FLAGS.driverApiAddress,
    )
    .option(
      "--health-server-address <host:port>",
      "serve gRPC's health service there, too, without TLS (default: none)",
    )
    .option(
      "--control-api-allow-remote",
      "let other machines use the control API, which has no authentication: anyone who reaches it can run code on every node",
      DEFAULT_FLAGS.controlApiAllowRemote,
    )
    .option(
      "--runtime-api-allow-remote",
      "let app processes on other machines use the runtime API, with the token of their run",
      DEFAULT_FLAGS.runtimeApiAllowRemote,
    )
    .option(
      "--driver-api-allow-remote",
      "let the driver API, which has no authentication, listen beyond this machine",
      DEFAULT_FLAGS.driverApiAllowRemote,
    );
}

function addRunOptions(command: Command): void {
  command
    .option(
      "--database <file>",
      "keep the state in this SQLite file, so that runs and nodes survive a restart",
      DEFAULT_FLAGS.database,
    );
  addRetentionOptions(command)
    .addOption(
      new Option(
        "--isolation <mode>",
        '"subprocess": start the ServerApps of submitted apps here; "process": leave that to a SuperExec',
      ).choices(ISOLATIONS).default(DEFAULT_FLAGS.isolation),
    )
    .option(
      "--superexec-auth-secret-file <file>",
      "with --isolation process: the secret that a SuperExec must know (default: none)",
    );
  addLaunchOptions(command);
}

const NO_REST = {
  reason: "Flower 1.9's REST transport is not served here, gRPC is",
  hint: "Leave the flag out on both ends",
};

const NO_ADAPTER = {
  reason: "calls wrapped in Flower's gRPC adapter are not served",
  hint: "Leave the flag out on both ends",
};

const ONE_PORT = {
  reason: "apps connect to --host and --port, as in today's Flower",
  hint: "Leave the flag out, or give its address by --host and --port",
};

const ONE_CERTIFICATE = {
  reason: "all APIs have the one certificate of the --ssl-… files",
  hint: "Leave the flag out",
};

/** Flags of `flower-superlink`, 1.9 and today's. */
export const SUPERLINK_FOREIGN: readonly ForeignOption[] = [
  {
    flags: "--fleet-api-type <type>",
    refusal: (type) => {
      if (type === "grpc-rere") return undefined;
      return type === "grpc-adapter" ? NO_ADAPTER : NO_REST;
    },
  },
  {
    // Apps install nothing here unless that is allowed.
    flags: "--disable-runtime-dependency-installation",
    refusal: () => undefined,
  },
  {
    flags: "--simulation",
    refusal: () => ({
      reason: "this SuperLink runs no nodes itself",
      hint: "Start SuperNodes on this machine: flwr supernode, as many as are needed",
    }),
  },
  { flags: "--serverappio-api-address <address>", refusal: () => ONE_PORT },
  { flags: "--exec-api-address <address>", refusal: () => ONE_PORT },
  { flags: "--appio-ssl-certfile <file>", refusal: () => ONE_CERTIFICATE },
  { flags: "--appio-ssl-keyfile <file>", refusal: () => ONE_CERTIFICATE },
  { flags: "--appio-ssl-ca-certfile <file>", refusal: () => ONE_CERTIFICATE },
  {
    // Flower itself looks at it only when it serves REST.
    flags: "--fleet-api-num-workers <n>",
    refusal: () => undefined,
  },
];
