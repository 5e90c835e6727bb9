import { resolve } from "node:path";
import { versionOf } from "../../auth/watch_files.ts";
import { FlwrError } from "../../base/error.ts";
import { log } from "../../base/log.ts";
import { type CheckedServerTls, readServerTls, type ServerTlsFiles } from "../../certs/check.ts";
import { readLaunchConfig, readSuperexecSecret } from "../flags/launch_flags.ts";
import { readDashboard } from "./dashboard_flag.ts";
import type { AuditLogConfig } from "../audit/audit_log.ts";
import { readAudit } from "./audit_flags.ts";
import { type DatabaseConfig, readDatabase } from "./database.ts";
import type { SuperLinkFlags } from "./flags.ts";
import { type LargeObjectConfig, readLargeObjects } from "./object_store_flags.ts";
import type { LaunchConfig } from "../../hosting/launch/config.ts";
import { type AccountsConfig, readAccounts } from "./accounts/config.ts";
import { type Listeners, readListeners } from "./listeners.ts";
import { readSuperLinkMetrics, type SuperLinkMetricsConfig } from "./metrics_config.ts";
import { readProxyRange, TrustedProxies } from "../../rpc/proxies/trusted_proxies.ts";
import { UsageError } from "../flags/values.ts";
import { readRetention, type RetentionLimits } from "./retention_flags.ts";

const logger = log("superlink");

/** The configuration of a SuperLink, from checked flags and files. */
export interface SuperLinkConfig {
  readonly listeners: Listeners;
  /**
   * Additional host names of this SuperLink. Its addresses and the names in its certificate need not be listed. "*"
   * allows any.
   */
  readonly hostNames: readonly string[];
  /** The APIs that other machines may call over HTTP. They may always call Fleet. */
  readonly remote: RemoteAccess;
  /** Undefined with `--insecure`. */
  readonly tls?: SuperLinkTls;
  /** The accounts of the Control API. Undefined: everyone who reaches it is the same account. */
  readonly accounts?: AccountsConfig;
  /** The SuperNodes to admit. Undefined: all. */
  readonly authentication?: AuthenticationFiles;
  readonly database: DatabaseConfig;
  /** Where large objects are stored. Undefined: in the database. */
  readonly largeObjects?: LargeObjectConfig;
  /** How much is kept of finished runs, and for how long absent nodes are kept. */
  readonly limits: RetentionLimits;
  readonly runs: RunsConfig;
  /** Number of processes that serve on the same ports. */
  readonly processes: number;
  /** Set in each of several processes. */
  readonly oneOfMany?: OneOfMany;
  /** Seconds without work after which it ends. Undefined: never. */
  readonly idleExitSeconds?: number;
  /** The proxies that are believed when they name their callers. */
  readonly proxies: TrustedProxies;
  /** "host:port" of the dashboard. Undefined: no dashboard. */
  readonly dashboard?: string;
  /** Seconds in which open calls and ServerApps may end when the SuperLink stops. */
  readonly drainSeconds: number;
  /** Where acts are recorded. Undefined: nowhere. */
  readonly audit?: AuditLogConfig;
  /** The endpoint of metrics. Undefined: none. */
  readonly metrics?: SuperLinkMetricsConfig;
}

/** What one of several processes of a SuperLink has of its own, and what it has in common with the others. */
export interface OneOfMany {
  /** From 1. The first runs submitted ServerApps, so that --concurrent-runs counts once. */
  readonly number: number;
  /** Scalar of the SuperLink's own key, big-endian, if no file has one. */
  readonly ownKey?: Uint8Array;
}

/** The APIs that other machines may call. */
export interface RemoteAccess {
  readonly control: boolean;
  readonly runtime: boolean;
}

/** A server's TLS, its files, and the file of its CA for app processes. */
export interface SuperLinkTls extends CheckedServerTls {
  readonly files: ServerTlsFiles;
  /** The version of these files, as `versionOf` identifies it. */
  readonly version: string;
  /** Absolute path of the CA's certificate. */
  readonly authorityFile: string;
}

/** Settings for the ServerApps of submitted runs. */
export interface RunsConfig extends LaunchConfig {
  /** "here": this SuperLink runs them. "elsewhere": SuperExecs do. */
  readonly where: "here" | "elsewhere";
  /** Whether the nodes of each run are simulated. */
  readonly simulated: boolean;
  /** The secret that a SuperExec must know. Undefined: every process on this machine may claim runs. */
  readonly superexecSecret?: Uint8Array;
}

/**
 * Checks the flags and reads the TLS files and the SuperExec's secret. Key files of authentication are read later.
 *
 * @throws FlwrError naming the flag or file that is wrong
 */
export async function readSuperLinkConfig(flags: SuperLinkFlags): Promise<SuperLinkConfig> {
  const authentication = readAuthenticationFiles(flags);
  const listeners = readListeners(flags);
  const variable = (name: string) => Deno.env.get(name);
  const database = await readDatabase(flags, variable);
  const largeObjects = await readLargeObjects(flags, database.kind !== "memory", variable);
  const proxies = readProxies(flags);
  const accounts = await readAccounts(flags, {
    insecure: flags.insecure,
    addresses: [listeners.http, listeners.control].filter((address) => address !== undefined),
    hasProxies: flags.trustedProxy.length > 0,
  });
  const audit = readAudit(flags);
  const metrics = await readSuperLinkMetrics(flags, {
    hasTls: !flags.insecure,
    listeners,
    processes: flags.processes,
  });
  const config = {
    listeners,
    ...(metrics === undefined ? {} : { metrics }),
    hostNames: readHostNames(flags.allowedHost),
    remote: { control: flags.controlApiAllowRemote, runtime: flags.runtimeApiAllowRemote },
    database,
    ...(largeObjects === undefined ? {} : { largeObjects }),
    limits: readRetention(flags, authentication !== undefined),
    runs: await readRuns(flags),
    drainSeconds: flags.drainTimeout,
    proxies,
    ...(accounts === undefined ? {} : { accounts }),
    processes: flags.processes,
    ...(flags.dashboard === undefined ? {} : { dashboard: await readDashboard(flags.dashboard) }),
    ...(audit === undefined ? {} : { audit }),
    ...(flags.idleExit === undefined ? {} : { idleExitSeconds: flags.idleExit }),
  };
  checkProcesses(flags, config.database);
  if (flags.insecure) {
    if (authentication !== undefined) {
      throw new FlwrError("failed-precondition", "Authentication of SuperNodes needs TLS", {
        hints: ["Remove --insecure and add the three --ssl-… files"],
      });
    }
    return config;
  }
  const files = tlsFiles(flags);
  // Before they are read: a change meanwhile is noticed.
  const version = await versionOf(pathsOf(files));
  const tls = {
    ...await readServerTls(files),
    files,
    version,
    authorityFile: resolve(files.authority.file),
  };
  return { ...config, tls, ...(authentication === undefined ? {} : { authentication }) };
}

/** @throws FlwrError naming what several processes cannot be combined with */
function checkProcesses(
  { processes, simulation, idleExit, dashboard }: SuperLinkFlags,
  { kind }: DatabaseConfig,
): void {
  if (processes === 1) return;
  const flag = `--processes ${processes}`;
  if (Deno.build.os !== "linux") {
    throw new FlwrError("unimplemented", `${flag} needs Linux, where processes can share a port`, {
      hints: ["Leave it out, or start several SuperLinks behind a load balancer"],
    });
  }
  if (kind !== "postgres") {
    throw new FlwrError(
      "invalid-argument",
      `${flag} needs --database postgres://…, which the processes share`,
      { hints: ["Leave it out: one process uses a SQLite file, or memory, alone"] },
    );
  }
  if (simulation) {
    throw new FlwrError(
      "invalid-argument",
      `${flag} and --simulation cannot be used together`,
      {
        hints: [
          "A simulation runs in one process with threads for all cores: leave out --processes",
        ],
      },
    );
  }
  if (dashboard !== undefined) {
    throw new FlwrError("invalid-argument", `${flag} and --dashboard cannot be used together`, {
      hints: ["Start one more SuperLink on the same database, with --dashboard"],
    });
  }
  if (idleExit !== undefined) {
    throw new FlwrError("invalid-argument", `${flag} and --idle-exit cannot be used together`, {
      hints: ["No process knows whether the others are idle: leave one out"],
    });
  }
}

/** Paths of a server's TLS files. */
export function pathsOf({ authority, certificate, key }: ServerTlsFiles): string[] {
  return [authority.file, certificate.file, key.file];
}

function readProxies({ trustedProxy, trustedProxyHeader }: SuperLinkFlags): TrustedProxies {
  const ranges = trustedProxy.map((text) => {
    try {
      return readProxyRange(text);
    } catch (error) {
      const { code, message, hints } = FlwrError.from(error);
      throw new UsageError(code, `--trusted-proxy: ${message}`, { hints, cause: error });
    }
  });
  return new TrustedProxies(ranges, trustedProxyHeader, (host) => {
    logger.warn(
      "The trusted proxy {host} passes on a call without the header {header}. Its callers count as " +
        "the proxy itself, also for what only callers on this machine may do",
      { event: "proxy-names-no-caller", host, header: trustedProxyHeader },
    );
  });
}

function readHostNames(text: string | undefined): string[] {
  const names = text?.split(",").map((name) => name.trim()) ?? [];
  for (const name of names) {
    if (name === "*" || /^[\w-]+(\.[\w-]+)*$/.test(name)) continue;
    throw new FlwrError("invalid-argument", `--allowed-host: "${name}" is not a host name`, {
      hints: [
        "Give names without scheme or port, separated by commas, for example superlink.example.org",
      ],
    });
  }
  return names;
}

function tlsFiles(flags: SuperLinkFlags): ServerTlsFiles {
  const { sslCaCertfile: authority, sslCertfile: certificate, sslKeyfile: key } = flags;
  const missing = missingFlags({
    "--ssl-ca-certfile": authority,
    "--ssl-certfile": certificate,
    "--ssl-keyfile": key,
  });
  if (authority !== undefined && certificate !== undefined && key !== undefined) {
    return {
      authority: { file: authority, flag: "--ssl-ca-certfile" },
      certificate: { file: certificate, flag: "--ssl-certfile" },
      key: { file: key, flag: "--ssl-keyfile" },
    };
  }
  throw new FlwrError("invalid-argument", `TLS needs ${missing.join(" and ")}`, {
    hints: [
      'Make certificates with "flwr keys generate"',
      "To try it on your own machine without TLS, use --insecure",
    ],
  });
}

async function readRuns(flags: SuperLinkFlags): Promise<RunsConfig> {
  const { isolation, superexecAuthSecretFile: secretFile } = flags;
  if (secretFile !== undefined && isolation !== "process") {
    throw new FlwrError(
      "invalid-argument",
      "--superexec-auth-secret-file needs --isolation process",
      {
        hints: ["This SuperLink starts ServerApps itself, so no SuperExec needs a secret"],
      },
    );
  }
  if (flags.simulation && isolation === "process") {
    throw new FlwrError(
      "invalid-argument",
      "--simulation and --isolation process cannot be used together",
      {
        hints: ["A simulation runs in the process of its ServerApp: leave out --isolation"],
      },
    );
  }
  if (isolation === "process" && flags.runtimeApiAllowRemote && secretFile === undefined) {
    throw new FlwrError(
      "failed-precondition",
      "--isolation process with --runtime-api-allow-remote needs a secret: without one, any machine could claim runs",
      { hints: ["Add --superexec-auth-secret-file to the SuperLink and to the SuperExec"] },
    );
  }
  return {
    where: isolation === "process" ? "elsewhere" : "here",
    simulated: flags.simulation,
    ...(secretFile === undefined ? {} : { superexecSecret: await readSuperexecSecret(secretFile) }),
    ...await readLaunchConfig(flags),
  };
}

/** Files for the authentication of SuperNodes. It admits those whose keys were registered or are listed. */
export interface AuthenticationFiles {
  /** CSV file of public keys. Undefined: only registered keys are admitted. */
  readonly publicKeyList?: string;
  /** The SuperLink's own key pair, for SuperNodes of Flower 1.8 to 1.14. Undefined: generated at each start. */
  readonly ownKey?: { readonly privateKey: string; readonly publicKey: string };
}

/**
 * Reads the `--auth-…` flags. Returns undefined if every SuperNode is to be admitted.
 *
 * @throws FlwrError "invalid-argument" when files that belong together are not all given
 */
export function readAuthenticationFiles(
  { enableSupernodeAuth, authListPublicKeys, authSuperlinkPrivateKey, authSuperlinkPublicKey }:
    SuperLinkFlags,
): AuthenticationFiles | undefined {
  const pair = {
    "--auth-superlink-private-key": authSuperlinkPrivateKey,
    "--auth-superlink-public-key": authSuperlinkPublicKey,
  };
  const missing = missingFlags(
    enableSupernodeAuth ? pair : { "--auth-list-public-keys": authListPublicKeys, ...pair },
  );
  const none = missing.length === (enableSupernodeAuth ? 2 : 3);
  if (none && !enableSupernodeAuth) return undefined;
  if (!none && missing.length > 0) {
    throw new FlwrError("invalid-argument", `Authentication also needs ${missing.join(" and ")}`, {
      hints: [
        "Give all three --auth-… flags, or none to admit every SuperNode",
        "With --enable-supernode-auth, --auth-list-public-keys needs no other --auth-… flag",
      ],
    });
  }
  return {
    ...(authListPublicKeys === undefined ? {} : { publicKeyList: authListPublicKeys }),
    ...(authSuperlinkPrivateKey === undefined || authSuperlinkPublicKey === undefined
      ? {}
      : { ownKey: { privateKey: authSuperlinkPrivateKey, publicKey: authSuperlinkPublicKey } }),
  };
}

/** Names of the flags that are not set. */
export function missingFlags(flags: Readonly<Record<string, string | undefined>>): string[] {
  return Object.keys(flags).filter((name) => flags[name] === undefined);
}
