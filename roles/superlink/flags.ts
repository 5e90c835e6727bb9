import type { ForeignOption } from "../flags/foreign_options.ts";
import { type Command, Option } from "commander";
import {
  addLaunchOptions,
  DEFAULT_LAUNCH_FLAGS,
  type Isolation,
  ISOLATIONS,
  type LaunchFlags,
} from "../flags/launch_flags.ts";
import { addSuperLinkMetricsOptions, type SuperLinkMetricsFlags } from "./metrics_config.ts";
import { PROXY_HEADERS, type ProxyHeader } from "../../rpc/proxies/trusted_proxies.ts";
import { type AccountFlags, addAccountOptions, DEFAULT_ACCOUNT_FLAGS } from "./accounts/flags.ts";
import { wholeNumber } from "../flags/values.ts";
import { addDashboardOption, type DashboardFlags } from "./dashboard_flag.ts";
import { addAuditOptions, type AuditFlags, DEFAULT_AUDIT_FLAGS } from "./audit_flags.ts";
import type { DatabaseFlags } from "./database.ts";
import {
  addLargeObjectOptions,
  DEFAULT_OBJECT_STORE_FLAGS,
  type LargeObjectFlags,
} from "./object_store_flags.ts";
import {
  addRetentionOptions,
  DEFAULT_RETENTION_FLAGS,
  type RetentionFlags,
} from "./retention_flags.ts";

/** Largest number of processes of one SuperLink: each needs several connections to the database. */
const MAX_PROCESSES = 64;

/** Value of an address or port that switches its listener off. */
export const OFF = "none";

/** Flags of the `superlink` command, as commander parses them. */
export interface SuperLinkFlags
  extends
    LaunchFlags,
    RetentionFlags,
    DatabaseFlags,
    LargeObjectFlags,
    DashboardFlags,
    AccountFlags,
    AuditFlags,
    SuperLinkMetricsFlags {
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
  isolation: Isolation;
  simulation: boolean;
  processes: number;
  idleExit?: number;
  drainTimeout: number;
  trustedProxy: readonly string[];
  trustedProxyHeader: ProxyHeader;
  superexecAuthSecretFile?: string;
  logFile?: string;
  logRotationIntervalHours: number;
  logRotationMaxMib: number;
  logRotationBackupCount: number;
}

/** Default values of the flags. */
export const DEFAULT_FLAGS: SuperLinkFlags = {
  ...DEFAULT_LAUNCH_FLAGS,
  ...DEFAULT_RETENTION_FLAGS,
  ...DEFAULT_OBJECT_STORE_FLAGS,
  ...DEFAULT_ACCOUNT_FLAGS,
  ...DEFAULT_AUDIT_FLAGS,
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
  isolation: "subprocess",
  simulation: false,
  metricsNodeNames: false,
  drainTimeout: 10,
  trustedProxy: [],
  trustedProxyHeader: "x-forwarded-for",
  processes: 1,
  logRotationIntervalHours: 24,
  logRotationMaxMib: 100,
  logRotationBackupCount: 7,
};

/** Adds the flags of the `superlink` command. */
export function addSuperLinkOptions(command: Command): Command {
  addIdentityOptions(command);
  addAccountOptions(command);
  addListenerOptions(command);
  addDashboardOption(command);
  addRunOptions(command);
  addSuperLinkMetricsOptions(command);
  return addAuditOptions(command)
    .option(
      "--log-file <file>",
      "also write the log to this file and rotate it (default: none)",
    )
    .addOption(
      new Option("--log-rotation-interval-hours <n>", "start a new log file after this many hours")
        .default(DEFAULT_FLAGS.logRotationIntervalHours).argParser(wholeNumber({ from: 1 })),
    )
    .addOption(
      new Option(
        "--log-rotation-max-mib <n>",
        "start a new log file at this size, in MiB",
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
      "serve without TLS; anyone on the network path can read and change messages",
      DEFAULT_FLAGS.insecure,
    )
    .option(
      "--ssl-ca-certfile <file>",
      "PEM file with the certificate of the CA that signed the server's certificate (default: none)",
    )
    .option("--ssl-certfile <file>", "PEM file with the server's certificate (default: none)")
    .option("--ssl-keyfile <file>", "PEM file with the server's private key (default: none)")
    .option(
      "--enable-supernode-auth",
      'admit only SuperNodes whose public keys are registered with "flwr supernode register" or listed in --auth-list-public-keys',
      DEFAULT_FLAGS.enableSupernodeAuth,
    )
    .option(
      "--auth-list-public-keys <csv>",
      "admit SuperNodes whose public keys are listed in this file, which is reread when it changes; requires --enable-supernode-auth or both --auth-superlink-… flags (default: none)",
    )
    .option(
      "--auth-superlink-private-key <file>",
      "file with the SuperLink's private key, OpenSSH or PEM; only for SuperNodes of Flower 1.8 to 1.14, which authenticate the SuperLink by its key pair (default: a new one at each start)",
    )
    .option(
      "--auth-superlink-public-key <file>",
      "file with the SuperLink's public key, OpenSSH (default: none)",
    );
}

function addListenerOptions(command: Command): void {
  command
    .option(
      "--host <host>",
      "address that HTTP listens on, for current SuperNodes, apps and the flwr command",
      DEFAULT_FLAGS.host,
    )
    .option("--port <port>", `HTTP port; "${OFF}" switches HTTP off`, DEFAULT_FLAGS.port)
    .option(
      "--allowed-host <names>",
      'additional host names that HTTP requests may use, separated by commas, for example those of a proxy; "*" allows any (default: none)',
    )
    .addOption(
      new Option(
        "--trusted-proxy <address/bits>",
        "IP address or range of addresses of a proxy or load balancer that is trusted to report the addresses of its callers; repeatable",
      ).default([], "none").argParser((range: string, before: readonly string[]) => [
        ...before,
        range,
      ]),
    )
    .addOption(
      new Option(
        "--trusted-proxy-header <header>",
        "header in which the trusted proxies report the caller's address (each proxy must append to it or replace it, because callers can also send it)",
      ).choices(PROXY_HEADERS).default(DEFAULT_FLAGS.trustedProxyHeader),
    )
    .option(
      "--fleet-api-address <host:port>",
      `gRPC address for SuperNodes of Flower up to 1.39; "${OFF}" switches it off`,
      DEFAULT_FLAGS.fleetApiAddress,
    )
    .option(
      "--control-api-address <host:port>",
      `gRPC address for the flwr command of Flower up to 1.36; "${OFF}" switches it off`,
      DEFAULT_FLAGS.controlApiAddress,
    )
    .option(
      "--driver-api-address <host:port>",
      `gRPC address for ServerApps that you start yourself ("flwr run server:app"); "${OFF}" switches it off`,
      DEFAULT_FLAGS.driverApiAddress,
    )
    .option(
      "--health-server-address <host:port>",
      "address of an additional gRPC health service, without TLS (default: none)",
    )
    .option(
      "--control-api-allow-remote",
      "let other machines use the Control API; without --oidc-issuer it has no authentication, so anyone who reaches it can run code on every node",
      DEFAULT_FLAGS.controlApiAllowRemote,
    )
    .option(
      "--runtime-api-allow-remote",
      "let app processes on other machines use the Runtime API; each authenticates with the token of its run",
      DEFAULT_FLAGS.runtimeApiAllowRemote,
    )
    .option(
      "--driver-api-allow-remote",
      "let other machines use the Driver API, which has no authentication",
      DEFAULT_FLAGS.driverApiAllowRemote,
    );
}

function addRunOptions(command: Command): void {
  command
    .option(
      "--database <file or URL>",
      'database that keeps runs and nodes across restarts: a SQLite file, or postgres://user@host:port/database; ":memory:" keeps them only until the SuperLink stops (default: superlink.db in $FLWR_HOME or ~/.flwr)',
    )
    .option(
      "--database-password-file <file>",
      "file with the password of PostgreSQL's user (default: the variable PGPASSWORD, or the file that PGPASSFILE names)",
    )
    .option(
      "--database-ca-file <file>",
      "PEM file with the certificate of the CA that signed PostgreSQL's certificate (default: the CAs of Deno)",
    );
  addLargeObjectOptions(command);
  addRetentionOptions(command)
    .addOption(
      new Option(
        "--processes <n>",
        "number of processes that serve on the same ports, to use several cores; more than 1 requires --database postgres://…",
      ).default(DEFAULT_FLAGS.processes).argParser(wholeNumber({ from: 1, to: MAX_PROCESSES })),
    )
    .addOption(
      new Option(
        "--isolation <mode>",
        '"subprocess": this program runs submitted ServerApps; "process": a SuperExec does',
      ).choices(ISOLATIONS).default(DEFAULT_FLAGS.isolation),
    )
    .option(
      "--simulation",
      "simulate the nodes of each run on this machine; no SuperNodes can join",
      DEFAULT_FLAGS.simulation,
    )
    .option(
      "--idle-exit <seconds>",
      "exit after this many seconds without a run in progress and without a call from a flwr command (default: never)",
      wholeNumber({ from: 1 }),
    )
    .addOption(
      new Option(
        "--drain-timeout <seconds>",
        "when the SuperLink stops: seconds to wait for open calls to end and, if other SuperLinks share its database, for its ServerApps to save a checkpoint",
      ).default(DEFAULT_FLAGS.drainTimeout).argParser(wholeNumber({ to: 3600 })),
    )
    .option(
      "--superexec-auth-secret-file <file>",
      "with --isolation process: file with the shared secret that a SuperExec must present (default: none)",
    );
  addLaunchOptions(command);
}

const NO_REST = {
  reason: "Flower 1.9's REST transport is not served; its gRPC transport is",
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

/** Flags of Flower's own `flower-superlink` (1.9 and today's) that are accepted or refused with a reason. */
export const SUPERLINK_FOREIGN: readonly ForeignOption[] = [
  {
    flags: "--fleet-api-type <type>",
    refusal: (type) => {
      if (type === "grpc-rere") return undefined;
      return type === "grpc-adapter" ? NO_ADAPTER : NO_REST;
    },
  },
  {
    // Already the default here.
    flags: "--disable-runtime-dependency-installation",
    refusal: () => undefined,
  },
  { flags: "--serverappio-api-address <address>", refusal: () => ONE_PORT },
  { flags: "--exec-api-address <address>", refusal: () => ONE_PORT },
  { flags: "--appio-ssl-certfile <file>", refusal: () => ONE_CERTIFICATE },
  { flags: "--appio-ssl-keyfile <file>", refusal: () => ONE_CERTIFICATE },
  { flags: "--appio-ssl-ca-certfile <file>", refusal: () => ONE_CERTIFICATE },
  {
    // Flower itself uses it only for REST.
    flags: "--fleet-api-num-workers <n>",
    refusal: () => undefined,
  },
];
