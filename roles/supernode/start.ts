import { systemClock } from "../../base/clock.ts";
import { log } from "../../base/log.ts";
import { systemRandom } from "../../base/random.ts";
import { registerTrainer } from "../../ml/cores/trainer_slot.ts";
import { isLoopback } from "../../rpc/address.ts";
import { type RpcServer, startServer } from "../../rpc/server.ts";
import { findPythonCommand } from "../python/find_program.ts";
import { logRetry } from "../log_retry.ts";
import { AppHost } from "./app_host.ts";
import type { AppSource } from "./apps/app_source.ts";
import { Bundles, type CheckedBundle } from "./apps/bundles.ts";
import { FabApps, type ReadyApp } from "./apps/fab_apps.ts";
import { LocalApp } from "./apps/local_app.ts";
import { startTypeScriptApp } from "./apps/typescript_app.ts";
import type { SuperNodeConfig } from "./config.ts";
import { dialectsAt } from "./connection/dialects.ts";
import { NegotiatedConnection } from "./connection/negotiated_connection.ts";
import { FAREWELL_SECONDS } from "./limits.ts";
import { SuperNode } from "./node.ts";
import { type Execute, PythonApp } from "./python/python_app.ts";
import { RuntimeApi } from "./python/runtime_api.ts";
import { spawnClientApp } from "./python/spawn_clientapp.ts";
import { TaskBackend } from "./python/task_backend.ts";
import { RunCatalogue } from "./runs/run_catalogue.ts";

const CLIENTAPP = { name: "flwr-clientapp", role: "SuperNode" } as const;

/**
 * Runs a SuperNode until it is told to stop.
 *
 * @throws FlwrError when its app cannot be loaded, the SuperLink refuses it or cannot be reached within the limits that
 *   the user set
 */
export async function runSuperNode(config: SuperNodeConfig, signal: AbortSignal): Promise<void> {
  await using resources = new AsyncDisposableStack();
  // Registered before the first training, so that SuperNodes started together share the cores from the start.
  resources.use(registerTrainer({ kind: "reserved" }));
  const connection = new NegotiatedConnection({
    superLink: config.address,
    dialects: (closing) =>
      dialectsAt({
        ...config,
        hasOwnApp: config.app !== undefined,
        onRetry: logRetry,
        clock: systemClock,
        random: systemRandom,
      }, closing),
    onRetry: logRetry,
  });
  resources.defer(() => connection.close());
  const bundles = new Bundles(connection, config.trusted);
  const apps = await openApps(config, bundles, resources);
  if (config.healthAddress !== undefined) await startHealth(config.healthAddress, resources);
  const node = new SuperNode({
    connection,
    runs: new RunCatalogue(connection, apps),
    nodeConfig: config.nodeConfig,
    superLink: config.address,
    clock: systemClock,
    random: systemRandom,
  });
  await node.run(signal);
}

async function openApps(
  config: SuperNodeConfig,
  bundles: Bundles,
  resources: AsyncDisposableStack,
): Promise<AppSource> {
  const { app, address, compute } = config;
  if (app !== undefined) {
    const host = resources.use(await AppHost.start(app, compute));
    log("supernode").info("ClientApp {app} is loaded; connecting to {address}", {
      app: app.file,
      address,
    });
    return new LocalApp(host, bundles);
  }
  log("supernode").info("Runs bring their apps; connecting to {address}", { address });
  return resources.use(
    new FabApps({
      bundles,
      home: config.home,
      startTypeScript: (installed) => startTypeScriptApp(installed, config),
      startPython: await openPython(config, resources),
    }),
  );
}

/** What makes Python apps ready. Their Runtime API is opened by the first one, or at once where others look for it. */
async function openPython(
  { python }: SuperNodeConfig,
  resources: AsyncDisposableStack,
): Promise<(checked: CheckedBundle) => Promise<ReadyApp>> {
  const backend = new TaskBackend(systemClock, (runId, text) => {
    log("clientapp").info("Run {runId}: {text}", { runId, text });
  });
  const api = resources.use(new RuntimeApi({ ...python, backend }));
  if (python.tls === undefined && !isLoopback(python.host)) {
    log("supernode").warn(
      "Python apps are served in plain text beyond this machine, at {host}: give --ssl-certfile",
      { host: python.host },
    );
  }
  const offer: Execute = (task, fabHash) => {
    backend.offer(task, fabHash);
    return new Promise(() => {}); // the program that takes it on is not ours to wait for
  };
  if (!python.spawns) await api.open();
  return async ({ bundle }) => {
    const execute = python.spawns
      ? spawnClientApp({
        ...await findPythonCommand(CLIENTAPP, python.python),
        api,
        authorityFile: python.authorityFile,
        installDependencies: python.installDependencies,
      })
      : offer;
    return new PythonApp(bundle, { backend, execute, clock: systemClock, random: systemRandom });
  };
}

async function startHealth(address: string, resources: AsyncDisposableStack): Promise<void> {
  const server: RpcServer = await startServer({ address, services: [] });
  resources.defer(() => server.close(FAREWELL_SECONDS));
  log("supernode").info("Health is told at {address}", { address: server.address });
}
