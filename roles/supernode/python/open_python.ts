import { systemClock } from "../../../base/clock.ts";
import { log } from "../../../base/log.ts";
import { systemRandom } from "../../../base/random.ts";
import { isLoopback } from "../../../rpc/address.ts";
import type { Executors } from "../../../rpc/dialects/current/server/task_authentication.ts";
import type { ServerTls } from "../../../rpc/server.ts";
import { findPythonCommand } from "../../../hosting/python/find_program.ts";
import type { CheckedBundle } from "../apps/bundles.ts";
import type { ReadyApp } from "../apps/fab_apps.ts";
import { type Execute, PythonApp } from "./python_app.ts";
import { RuntimeApi } from "./runtime_api.ts";
import { spawnClientApp } from "./spawn_clientapp.ts";
import { TaskBackend } from "./task_backend.ts";

const CLIENTAPP = { name: "flwr-clientapp", role: "SuperNode" } as const;

/** How Python apps are run. */
export interface PythonConfig {
  /** As `--python` gives it. */
  readonly python: string | undefined;
  /** Whether processes are started here, or come from elsewhere. */
  readonly spawns: boolean;
  readonly installDependencies: boolean;
  readonly host: string;
  readonly port: number;
  /** Whether another port will do. */
  readonly anyPort: boolean;
  readonly tls: ServerTls | undefined;
  /** File with the authority of that certificate, for processes that are started here. */
  readonly authorityFile: string | undefined;
  readonly executors: Executors;
}

/** What makes the ClientApps of Python bundles ready. */
export interface PythonApps extends AsyncDisposable {
  /** @throws FlwrError "failed-precondition" when there is no Python to run it */
  start(checked: CheckedBundle): Promise<ReadyApp>;
}

/**
 * Prepares for Python apps. The Runtime API by which they speak to the node is opened by the first one, or at once where
 * programs from elsewhere look for it.
 *
 * @throws FlwrError "unavailable" when it cannot be listened on
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
    return new Promise(() => {}); // the program that takes it on is not ours to wait for
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
