import { systemClock } from "../../../base/clock.ts";
import { log } from "../../../base/log.ts";
import { systemRandom } from "../../../base/random.ts";
import { isLoopback } from "../../../rpc/address.ts";
import type { Executors } from "../../../rpc/dialects/current/server/task_authentication.ts";
import type { ServerCertificate } from "../../../rpc/server.ts";
import { findPythonCommand } from "../../../hosting/python/find_python_command.ts";
import type { CheckedBundle } from "../apps/bundles.ts";
import type { ReadyApp } from "../apps/fab_apps.ts";
import { type Execute, PythonApp } from "./python_app.ts";
import { RuntimeApi } from "./runtime_api.ts";
import { spawnClientApp } from "./spawn_clientapp.ts";
import { TaskBackend } from "./task_backend.ts";

const CLIENTAPP = { name: "flwr-clientapp", role: "SuperNode" } as const;

/** Settings for Python apps. */
export interface PythonConfig {
  /** Value of `--python`. */
  readonly python: string | undefined;
  /** Whether this program starts the processes. False: a `flower-superexec` does. */
  readonly spawns: boolean;
  readonly installDependencies: boolean;
  readonly host: string;
  readonly port: number;
  /** Whether another port may be used if this one is taken. */
  readonly anyPort: boolean;
  readonly tls: ServerCertificate | undefined;
  /** File with the CA of that certificate, for processes that this program starts. */
  readonly authorityFile: string | undefined;
  readonly executors: Executors;
}

/** Starter of Python ClientApps. */
export interface PythonApps extends AsyncDisposable {
  /** Prepares a bundle's app. @throws FlwrError "failed-precondition" when no Python with Flower is found */
  start(checked: CheckedBundle): Promise<ReadyApp>;
}

/**
 * Prepares for Python apps. The node's Runtime API, which they call, is opened for the first app, or at once with
 * `--isolation process`, where a `flower-superexec` connects to it.
 *
 * @throws FlwrError "unavailable" when the API's address cannot be listened on
 */
export async function openPython(config: PythonConfig): Promise<PythonApps> {
  const backend = new TaskBackend(systemClock, (runId, text) => {
    log("clientapp").info("Run {runId}: {text}", { runId, text });
  });
  const api = new RuntimeApi({ ...config, backend });
  if (config.tls === undefined && !isLoopback(config.host)) {
    log("supernode").warn(
      "Python apps connect to {host} without TLS, also from other machines. To use TLS, add --ssl-certfile",
      { host: config.host },
    );
  }
  if (!config.spawns) await api.open();
  const offer: Execute = (task, fabHash) => {
    backend.offer(task, fabHash);
    // Never resolves: the process belongs to the `flower-superexec`.
    return new Promise(() => {});
  };
  return {
    async start({ bundle }) {
      const execute = config.spawns
        ? spawnClientApp({ ...config, ...await findPythonCommand(CLIENTAPP, config.python), api })
        : offer;
      return new PythonApp(bundle, { backend, execute, clock: systemClock, random: systemRandom });
    },
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
}
