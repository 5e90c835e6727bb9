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
import type { ServerCertificate } from "../../rpc/server.ts";
import { type AppModule, findAppModule } from "../../hosting/app/app_module.ts";
import { type MetricsConfig, readMetricsFlags } from "../flags/metrics_flags.ts";
import { readConnection } from "../flags/connection_options.ts";
import { readFlagAddress, readingFlag, readNameFlag } from "../flags/values.ts";
import { readSuperexecSecret } from "../flags/launch_flags.ts";
import { DEFAULT_RUNTIME_PORT, DEFAULT_SUPERLINK, type SuperNodeFlags } from "./flags.ts";
import { readIdentity } from "./identity.ts";
import { grantedPaths } from "../../hosting/sandbox/app_files.ts";
import type { PythonConfig } from "./python/open_python.ts";
import type { TrustedEntities } from "./trust/trusted_entities.ts";

/** The configuration of a SuperNode, from checked flags and files. */
export interface SuperNodeConfig {
  readonly address: string;
  readonly tls: ChannelOptions["tls"];
  readonly retry: RetryPolicy;
  readonly identity: NodeIdentity | undefined;
  /** The public keys of `--trusted-node-keys`: SubjectPublicKeyInfo in DER. */
  readonly trustedNodeKeys: readonly Uint8Array[] | undefined;
  /** The node's name from `--name`. */
  readonly name: string | undefined;
  readonly nodeConfig: ConfigRecord;
  /** The app on the command line. Undefined: each run supplies its own. */
  readonly app: AppModule | undefined;
  readonly compute: ComputeSettings;
  /** Absolute paths of folders that apps from runs may read. */
  readonly allowRead: readonly string[];
  /** The node's key files, which apps must not be able to read. */
  readonly secrets: readonly string[];
  readonly trusted: TrustedEntities | undefined;
  /** Flower's home folder, in which apps are installed. */
  readonly home: string;
  readonly python: PythonConfig;
  readonly healthAddress: string | undefined;
  /** Whether error texts are sent to the SuperLink. */
  readonly sendErrorDetails: boolean;
  /** The endpoint of metrics. Undefined: none. */
  readonly metrics: MetricsConfig | undefined;
}

/**
 * Checks the flags and reads their files.
 *
 * @param spec the app as "module:name". Undefined: each run supplies its own
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
    flags.metricsTokenFile,
  ].flatMap((file) => file === undefined ? [] : [resolve(file)]);
  return {
    ...await readConnection(flags, DEFAULT_SUPERLINK),
    retry: { maxRetries, maxWaitTime },
    identity: await readIdentity(flags),
    trustedNodeKeys: await readTrustedNodeKeys(flags),
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
    metrics: await readMetricsFlags(flags, flags.sslCertfile !== undefined),
  };
}

async function readTrusted(file: string | undefined): Promise<TrustedEntities | undefined> {
  if (file === undefined) return undefined;
  const { readTrustedEntities } = await load<typeof import("./trust/trusted_entities.ts")>(
    new URL("./trust/trusted_entities.ts", import.meta.url),
  );
  return await readTrustedEntities(file);
}

/** @throws FlwrError naming the flag or file that is wrong */
async function readTrustedNodeKeys(
  { trustedNodeKeys: file, authSupernodePrivateKey }: SuperNodeFlags,
): Promise<readonly Uint8Array[] | undefined> {
  if (file === undefined) return undefined;
  const flag = "--trusted-node-keys";
  if (authSupernodePrivateKey === undefined) {
    throw new FlwrError(
      "invalid-argument",
      `${flag} also needs --auth-supernode-private-key`,
      { hints: ["Add the node's private key: it signs the keys for secure aggregation"] },
    );
  }
  const { readKeyList } = await load<typeof import("../../auth/key_list.ts")>(
    new URL("../../auth/key_list.ts", import.meta.url),
  );
  const keys = (await readKeyList({ file, flag })).keys();
  if (keys.length === 0) {
    throw new FlwrError("invalid-argument", `Key list "${file}" (${flag}) is empty`, {
      hints: ["List the public keys of all nodes of the federation, this node's among them"],
    });
  }
  return keys.map(({ spki }) => spki);
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

async function readRuntimeTls(flags: SuperNodeFlags): Promise<ServerCertificate | undefined> {
  const { sslCaCertfile, sslCertfile, sslKeyfile } = flags;
  const files = [sslCaCertfile, sslCertfile, sslKeyfile];
  if (files.every((file) => file === undefined)) return undefined;
  if (sslCaCertfile === undefined || sslCertfile === undefined || sslKeyfile === undefined) {
    throw new FlwrError(
      "invalid-argument",
      "TLS for --host needs all of --ssl-ca-certfile, --ssl-certfile and --ssl-keyfile",
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

/** The paths that apps may read, for the sandbox. */
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
