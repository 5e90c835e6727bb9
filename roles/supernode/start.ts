import { systemClock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import { load } from "../../base/load.ts";
import { log } from "../../base/log.ts";
import { systemRandom } from "../../base/random.ts";
import { registerTrainer } from "../../ml/cores/trainer_slot.ts";
import type { RpcServer } from "../../rpc/server.ts";
import type { MetricsConfig } from "../flags/metrics_flags.ts";
import { logRetry } from "../flags/log_retry.ts";
import { AppHost } from "../../hosting/app/app_host.ts";
import { startWorker } from "../../hosting/app/app_instance.ts";
import { AppPool, instancePerRun } from "./apps/app_pool.ts";
import type { AppSource } from "./runs/app_source.ts";
import { Bundles } from "./apps/bundles.ts";
import { FabApps } from "./apps/fab_apps.ts";
import { LocalApp } from "./apps/local_app.ts";
import { MAX_WARM_APPS, WarmApps } from "./apps/warm_apps.ts";
import type { SuperNodeConfig } from "./config.ts";
import type { PythonApps, PythonConfig } from "./python/open_python.ts";
import { dialectsAt } from "./connection/dialects.ts";
import { NegotiatedConnection } from "./connection/negotiated_connection.ts";
import type { NodeMetrics } from "./node_metrics.ts";
import type { NodeTracing } from "./node_tracing.ts";
import { tracingIsOn } from "../../telemetry/tracing_is_on.ts";
import { SuperNode } from "./node.ts";
import { keyForApps } from "./registered_key.ts";
import { RunCatalogue } from "./runs/run_catalogue.ts";

/**
 * Runs a SuperNode until the signal is aborted. Modules that only some nodes need are loaded when needed.
 *
 * @throws FlwrError when its app cannot be loaded, or the SuperLink refuses the node or cannot be reached within the
 *   limits that the user set
 */
export async function runSuperNode(config: SuperNodeConfig, signal: AbortSignal): Promise<void> {
  await using resources = new AsyncDisposableStack();
  // Registered before the first training, so that SuperNodes that start together share the cores.
  resources.use(registerTrainer({ kind: "reserved" }));
  const started = Promise.withResolvers<SuperNode>();
  const connection = new NegotiatedConnection({
    superLink: config.address,
    dialects: (closing) =>
      dialectsAt({
        ...config,
        hasOwnApp: config.app !== undefined,
        onRetry: logRetry,
        onRunBegun: (runId) => void started.promise.then((node) => node.expectRun(runId)),
        clock: systemClock,
        random: systemRandom,
      }, closing),
    onRetry: logRetry,
  });
  resources.defer(() => connection.close());
  const live = resources.use(new WarmApps<AppHost>(MAX_WARM_APPS));
  const apps = await openApps(config, new Bundles(connection, config.trusted), live, resources);
  if (config.healthAddress !== undefined) await serveHealth(config.healthAddress, resources);
  const metrics = config.metrics && await serveMetrics(config, config.metrics, resources);
  const node = new SuperNode({
    connection,
    runs: new RunCatalogue(connection, apps),
    nodeConfig: config.nodeConfig,
    superLink: config.address,
    name: config.name,
    clock: systemClock,
    random: systemRandom,
    sendErrorDetails: config.sendErrorDetails,
    registeredKey: keyForApps(config),
    ...(tracingIsOn() && { tracing: await openTracing() }),
    ...(metrics && { onEvent: (event) => metrics.onEvent(event) }),
    releaseRun: (runId) => void live.end(`${runId}`),
  });
  started.resolve(node);
  await node.run(signal);
}

async function openApps(
  config: SuperNodeConfig,
  bundles: Bundles,
  live: WarmApps<AppHost>,
  resources: AsyncDisposableStack,
): Promise<AppSource> {
  const { app, address, compute } = config;
  if (app !== undefined) {
    const make = () => Promise.resolve(AppHost.prepare(app, compute, startWorker));
    const pool = resources.use(new AppPool(await AppHost.start(app, compute), make));
    log("supernode").info("Loaded ClientApp {app}. Connecting to {address}", {
      app: app.file,
      address,
    });
    return new LocalApp(instancePerRun(live, pool), bundles);
  }
  log("supernode").info("No app given: each run supplies its own. Connecting to {address}", {
    address,
  });
  let python: Promise<PythonApps> | undefined;
  const pythonApps = () => python ??= openPython(config.python, resources);
  if (!config.python.spawns) await pythonApps();
  return resources.use(
    new FabApps({
      bundles,
      home: config.home,
      startTypeScript: async (installed) => {
        const { startTypeScriptApp } = await load<typeof import("./apps/typescript_app.ts")>(
          new URL("./apps/typescript_app.ts", import.meta.url),
        );
        return await startTypeScriptApp(installed, config, live);
      },
      startPython: async (checked) => await (await pythonApps()).start(checked),
    }),
  );
}

async function openPython(
  config: PythonConfig,
  resources: AsyncDisposableStack,
): Promise<PythonApps> {
  const { openPython } = await load<typeof import("./python/open_python.ts")>(
    new URL("./python/open_python.ts", import.meta.url),
  );
  return resources.use(await openPython(config));
}

async function openTracing(): Promise<NodeTracing> {
  const { NodeTracing } = await load<typeof import("./node_tracing.ts")>(
    new URL("./node_tracing.ts", import.meta.url),
  );
  return new NodeTracing();
}

/** Seconds in which open scrapes may end when the process ends. */
const METRICS_CLOSE_SECONDS = 1;

async function serveMetrics(
  { python: { tls } }: SuperNodeConfig,
  { address, token, usesTls }: MetricsConfig,
  resources: AsyncDisposableStack,
): Promise<NodeMetrics> {
  const { NodeMetrics } = await load<typeof import("./node_metrics.ts")>(
    new URL("./node_metrics.ts", import.meta.url),
  );
  const metrics = resources.use(new NodeMetrics());
  let server: RpcServer;
  try {
    server = await metrics.serve({ address, token, ...(usesTls && { tls }) });
  } catch (error) {
    const { code, message, hints } = FlwrError.from(error);
    throw new FlwrError(code, `--metrics-address: ${message}`, { hints, cause: error });
  }
  resources.defer(() => server.close(METRICS_CLOSE_SECONDS));
  log("supernode").info("Metrics ({tls}) on {address}, at /metrics", {
    event: "listening",
    api: "metrics",
    tls: usesTls ? "TLS" : "no TLS",
    address: server.address,
  });
  return metrics;
}

async function serveHealth(address: string, resources: AsyncDisposableStack): Promise<void> {
  const { startHealth } = await load<typeof import("../../rpc/grpc/health_endpoint.ts")>(
    new URL("../../rpc/grpc/health_endpoint.ts", import.meta.url),
  );
  const health = resources.use(await startHealth(address));
  log("supernode").info("Health service on {address}", { address: health.address });
}
