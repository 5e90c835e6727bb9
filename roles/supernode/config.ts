import { resolve } from "node:path";
import { parseConfigString } from "../../app/config_string.ts";
import type { ConfigRecord } from "../../app/config_record.ts";
import { FlwrError } from "../../base/error.ts";
import { load } from "../../base/load.ts";
import { flwrHome } from "../../fab/home.ts";
import type { ComputeSettings } from "../../ml/engine/compute.ts";
import { formatAddress } from "../../rpc/address.ts";
import type { ChannelOptions } from "../../rpc/channel.ts";
import type { NodeIdentity } from "../../rpc/dialects/flwr-1.9/client/credentials.ts";
import type { Executors } from "../../rpc/dialects/current/server/task_authentication.ts";
import type { RetryPolicy } from "../../rpc/retry.ts";
import type { ServerTls } from "../../rpc/server.ts";
import { type AppModule, findAppModule } from "../../hosting/app/app_module.ts";
import { readConnection } from "../flags/connection_options.ts";
import { readFlagAddress, readingFlag, readNameFlag } from "../flags/values.ts";
import { readSuperexecSecret } from "../flags/launch_flags.ts";
import { DEFAULT_RUNTIME_PORT, DEFAULT_SUPERLINK, type SuperNodeFlags } from "./flags.ts";
import { readIdentity } from "./identity.ts";
import { grantedPaths } from "../../hosting/sandbox/app_files.ts";
import type { PythonConfig } from "./python/open_python.ts";
import type { TrustedEntities } from "./trust/trusted_entities.ts";

/** A SuperNode's flags, read and checked. */
export interface SuperNodeConfig {
  readonly address: string;
  readonly tls: ChannelOptions["tls"];
  readonly retry: RetryPolicy;
  readonly identity: NodeIdentity | undefined;
  /** What the node calls itself. */
  readonly name: string | undefined;
  readonly nodeConfig: ConfigRecord;
  /** The app named on the command line; without it runs bring theirs. */
  readonly app: AppModule | undefined;
  readonly compute: ComputeSettings;
  /** Folders that apps which runs bring along may read, absolute. */
  readonly allowRead: readonly string[];
  /** The node's own files that lie in none of them. */
  readonly secrets: readonly string[];
  readonly trusted: TrustedEntities | undefined;
  /** Flower's home: apps are installed below it. */
  readonly home: string;
  readonly python: PythonConfig;
  readonly healthAddress: string | undefined;
  /** Whether the SuperLink gets the texts of errors. */
  readonly sendErrorDetails: boolean;
}

/**
 * Reads what the flags say, and the files that they name.
 *
 * @param spec the app as "module:name"; undefined: runs bring theirs
 * @throws FlwrError naming the flag or file that is wrong
 */
export async function readSuperNodeConfig(
  spec: string | undefined,
  flags: SuperNodeFlags,
): Promise<SuperNodeConfig> {
  const { maxRetries, maxWaitTime, threads, device, healthServerAddress } = flags;
  const nodeConfig = readingFlag(() => parseConfigString(flags.nodeConfig ?? "", "--node-config"));
  if (healthServerAddress !== undefined) {
    readFlagAddress("--health-server-address", healthServerAddress, { allowZero: true });
  }
  const secrets = [
    flags.authSupernodePrivateKey,
    flags.sslKeyfile,
    flags.superexecAuthSecretFile,
  ].flatMap((file) => file === undefined ? [] : [resolve(file)]);
  return {
    ...await readConnection(flags, DEFAULT_SUPERLINK),
    retry: { maxRetries, maxWaitTime },
    identity: await readIdentity(flags),
    name: readNameFlag(flags.name),
    nodeConfig,
    app: spec === undefined ? undefined : await findAppModule(spec, flags.dir),
    compute: { threads, device },
    allowRead: await readGrants(flags.allowRead, secrets),
    secrets,
    trusted: await readTrusted(flags.trustedEntities),
    home: flwrHome(),
    python: await readPythonConfig(flags),
    healthAddress: healthServerAddress,
    sendErrorDetails: flags.sendErrorDetails,
  };
}

async function readTrusted(file: string | undefined): Promise<TrustedEntities | undefined> {
  if (file === undefined) return undefined;
  const { readTrustedEntities } = await load<typeof import("./trust/trusted_entities.ts")>(
    new URL("./trust/trusted_entities.ts", import.meta.url),
  );
  return await readTrustedEntities(file);
}

async function readPythonConfig(flags: SuperNodeFlags): Promise<PythonConfig> {
  const { host, port = DEFAULT_RUNTIME_PORT } = flags;
  readFlagAddress("--host", formatAddress({ host, port }), { allowZero: true });
  const spawns = flags.isolation === "subprocess";
  return {
    python: flags.python,
    spawns,
    installDependencies: flags.allowRuntimeDependencyInstallation,
    host,
    port,
    anyPort: spawns && flags.port === undefined,
    tls: await readRuntimeTls(flags),
    authorityFile: flags.sslCaCertfile,
    executors: spawns ? "nobody" : await readExecutors(flags.superexecAuthSecretFile),
  };
}

async function readRuntimeTls(flags: SuperNodeFlags): Promise<ServerTls | undefined> {
  const { sslCaCertfile, sslCertfile, sslKeyfile } = flags;
  const files = [sslCaCertfile, sslCertfile, sslKeyfile];
  if (files.every((file) => file === undefined)) return undefined;
  if (sslCaCertfile === undefined || sslCertfile === undefined || sslKeyfile === undefined) {
    throw new FlwrError(
      "invalid-argument",
      "TLS for --host needs --ssl-ca-certfile, --ssl-certfile and --ssl-keyfile: one is missing",
    );
  }
  const { readServerTls } = await load<typeof import("../../certs/check.ts")>(
    new URL("../../certs/check.ts", import.meta.url),
  );
  const { authority, certificate, key } = await readServerTls({
    authority: { file: sslCaCertfile, flag: "--ssl-ca-certfile" },
    certificate: { file: sslCertfile, flag: "--ssl-certfile" },
    key: { file: sslKeyfile, flag: "--ssl-keyfile" },
  });
  return { ca: authority, cert: certificate, key };
}

async function readExecutors(secretFile: string | undefined): Promise<Executors> {
  if (secretFile === undefined) return "this-machine";
  const { ExecutorSecret } = await load<typeof import("../../auth/executor_secret.ts")>(
    new URL("../../auth/executor_secret.ts", import.meta.url),
  );
  return new ExecutorSecret(await readSuperexecSecret(secretFile));
}

/** The granted folders by their real paths, which are what a sandbox is told. */
async function readGrants(
  folders: readonly string[],
  secrets: readonly string[],
): Promise<readonly string[]> {
  try {
    return await grantedPaths(folders.map((folder) => resolve(folder)), secrets);
  } catch (error) {
    const { code, message, hints } = FlwrError.from(error);
    throw new FlwrError(code, `--allow-read: ${message}`, { hints, cause: error });
  }
}
