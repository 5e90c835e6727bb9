import { systemClock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import type { CheckedServerTls } from "../../certs/check.ts";
import { load } from "../../base/load.ts";
import { log } from "../../base/log.ts";
import { bodyBudgets } from "../../rpc/body_budgets.ts";
import { startHttpServer } from "../../rpc/http/server.ts";
import type { StartServerOptions } from "../../rpc/grpc/server.ts";
import type { Readiness } from "../../rpc/readiness.ts";
import type { OnCallEnd } from "../../rpc/call_end.ts";
import type { RpcServer, ServerCertificate } from "../../rpc/server.ts";
import { joinServices, type ServiceBinding } from "../../rpc/service.ts";
import type { SuperLinkConfig } from "./config.ts";
import { LISTENER_FLAGS, type Listeners } from "./listeners.ts";
import { guardApi, guardDownload, type GuardedApi } from "./remote_guard.ts";
import type { LinkTracing } from "./metrics/link_tracing.ts";
import { metricsAddressOf } from "./metrics_config.ts";
import type { SuperLinkMetrics } from "./metrics/superlink_metrics.ts";
import type { SuperLinkServices } from "./services.ts";

/** Seconds in which open calls may end if the SuperLink ends without draining. */
const SHUTDOWN_GRACE_SECONDS = 3;

/**
 * Seconds between opening HTTP and loading gRPC, which blocks the thread for about as long. Clients that have waited for
 * this SuperLink are answered in between.
 */
const FIRST_ANSWERS_SECONDS = 0.025;

const logger = log("superlink");

/** A listener to open. */
interface ListenerPlan {
  readonly name: keyof Listeners;
  /** Its name in the log. */
  readonly title: string;
  /** Its clients, for the log. */
  readonly serves: string;
  readonly start: (address: string) => Promise<RpcServer>;
  /** No TLS, even if the other listeners use it. */
  readonly plain?: true;
}

/** Open listeners, with their actual "host:port". */
export type OpenListeners = Partial<Record<keyof Listeners | "metrics", string>>;

/** What serves. */
export interface Serving {
  readonly listeners: OpenListeners;
  /** Uses another certificate for new connections, on every listener with TLS. @throws FlwrError as RpcServer.renew */
  renew(tls: CheckedServerTls): Promise<void>;
  /**
   * Stops accepting calls, and waits for the open ones. The separate health service goes on, to say that this SuperLink
   * does not serve.
   *
   * @param seconds how long open calls may take
   */
  drain(seconds: number): Promise<void>;
}

/** Options of {@link serve}. */
export interface ServeOptions {
  /** Aborted when the SuperLink is about to stop, which health checks then say. */
  readonly stopping: AbortSignal;
  /** Whether the SuperLink is ready, which health checks say, too. */
  readonly readiness: Readiness;
  /** Gets the calls, and is served if the configuration says where. */
  readonly metrics: SuperLinkMetrics | undefined;
  /** Gets the calls, if there are traces. */
  readonly tracing: LinkTracing | undefined;
}

/**
 * Opens every listener of the configuration. `cleanup` closes them.
 *
 * @throws FlwrError naming the flag whose address cannot be listened on
 */
export async function serve(
  config: SuperLinkConfig,
  services: SuperLinkServices,
  cleanup: AsyncDisposableStack,
  options: ServeOptions,
): Promise<Serving> {
  const open: OpenListeners = {};
  const [withTls, forCalls]: [RpcServer[], RpcServer[]] = [[], []];
  const { metrics } = options;
  for (const plan of plans(config, services, options)) {
    const address = config.listeners[plan.name];
    if (address === undefined) continue;
    const server = await withFlagInError(LISTENER_FLAGS[plan.name], plan.start(address));
    cleanup.defer(() => server.close(SHUTDOWN_GRACE_SECONDS));
    open[plan.name] = server.address;
    if (config.tls !== undefined && !plan.plain) withTls.push(server);
    if (plan.name !== "health") forCalls.push(server);
    logger.info(`${plan.title} ({tls}), for ${plan.serves}, on {address}`, {
      event: "listening",
      api: plan.name,
      tls: config.tls === undefined || plan.plain ? "no TLS" : "TLS",
      address: server.address,
    });
    if (plan.name === "http") await systemClock.sleep(FIRST_ANSWERS_SECONDS);
  }
  if (config.tls !== undefined) metrics?.certificateEnds(config.tls.validTo);
  const metricsServer = metrics && await serveMetrics(config, metrics, cleanup);
  if (metricsServer !== undefined) open.metrics = metricsServer.address;
  if (metricsServer !== undefined && config.metrics?.usesTls) withTls.push(metricsServer);
  return {
    listeners: open,
    async renew(tls) {
      const certificate = serverCertificate(tls);
      await Promise.all(withTls.map((server) => server.renew(certificate)));
      metrics?.certificateEnds(tls.validTo);
    },
    async drain(seconds) {
      await Promise.all(forCalls.map((server) => server.close(seconds)));
    },
  };
}

/** Hands the ends of calls to those who want them; undefined if nobody does. */
function callObserver(
  metrics: SuperLinkMetrics | undefined,
  tracing: LinkTracing | undefined,
): OnCallEnd | undefined {
  if (tracing === undefined) return metrics?.onCallEnd;
  return (end) => {
    metrics?.onCallEnd(end);
    tracing.onCallEnd(end);
  };
}

/** Opens the listener of the metrics. */
async function serveMetrics(
  config: SuperLinkConfig,
  metrics: SuperLinkMetrics,
  cleanup: AsyncDisposableStack,
): Promise<RpcServer | undefined> {
  if (config.metrics === undefined) return undefined;
  const { address, token, usesTls } = config.metrics;
  const starting = metrics.serve({
    address: metricsAddressOf(address, config.oneOfMany?.number ?? 1),
    token,
    tls: usesTls && config.tls !== undefined ? serverCertificate(config.tls) : undefined,
    hostNames: [Deno.hostname(), ...config.hostNames],
  });
  const server = await withFlagInError("--metrics-address", starting);
  cleanup.defer(() => server.close(SHUTDOWN_GRACE_SECONDS));
  logger.info("Metrics ({tls}) on {address}, at /metrics", {
    event: "listening",
    api: "metrics",
    tls: usesTls ? "TLS" : "no TLS",
    address: server.address,
  });
  return server;
}

function serverCertificate(tls: CheckedServerTls): ServerCertificate {
  return { ca: tls.authority, cert: tls.certificate, key: tls.key };
}

function plans(
  config: SuperLinkConfig,
  services: SuperLinkServices,
  { stopping, readiness, metrics, tracing }: ServeOptions,
): ListenerPlan[] {
  const onCallEnd = callObserver(metrics, tracing);
  const health = { stopping, readiness };
  const { fleet, control, exec, handStarted, legacy } = services;
  const tls = config.tls && serverCertificate(config.tls);
  const { proxies } = config;
  const budgets = bodyBudgets();
  const sharesPort = config.oneOfMany !== undefined;
  const grpc = (bindings: () => Promise<ServiceBinding[]>) => async (address: string) =>
    await startGrpc({
      address,
      tls,
      sharesPort,
      services: await bindings(),
      budgets,
      ...health,
      proxies,
      onCallEnd,
    });
  return [
    {
      // HTTP comes first, because loading gRPC, which only older clients need, takes longer than the rest of the start.
      name: "http",
      title: "HTTP",
      serves: "today's SuperNodes, apps and flwr command",
      start: (address) =>
        startHttpServer({
          address,
          tls,
          sharesPort,
          services: httpServices(config, services),
          budgets,
          ...health,
          proxies,
          onCallEnd,
          hostNames: [Deno.hostname(), ...config.hostNames],
          hostFlag: "--allowed-host",
          downloads: [guardDownload(services.artifacts, controlApi(config))],
        }),
    },
    {
      name: "driver",
      title: "Driver API",
      serves: "ServerApps started by hand",
      start: grpc(async () => [(await legacy()).driver, handStarted]),
    },
    {
      name: "fleet",
      title: "Fleet API",
      serves: "SuperNodes of Flower up to 1.39",
      start: grpc(async () => {
        const older = await legacy();
        return [joinServices(older.olderFleet, fleet), older.fleet];
      }),
    },
    {
      name: "control",
      title: "Control API",
      serves: "the flwr command of Flower up to 1.36",
      start: grpc(() => Promise.resolve([control, exec])),
    },
    {
      name: "health",
      title: "Health service",
      serves: "programs that monitor this SuperLink",
      start: (address) => startGrpc({ address, sharesPort, services: [], ...health }),
      plain: true,
    },
  ];
}

/** Loads gRPC, which is needed only if it is served, and starts a server. */
async function startGrpc(options: StartServerOptions): Promise<RpcServer> {
  const { startServer } = await load<typeof import("../../rpc/grpc/server.ts")>(
    new URL("../../rpc/grpc/server.ts", import.meta.url),
  );
  return await startServer(options);
}

function controlApi({ remote, accounts }: SuperLinkConfig): GuardedApi {
  return {
    name: "control",
    allowRemote: remote.control,
    danger: accounts === undefined
      ? "it has no authentication"
      : "its operator has not opened it to others",
    flag: "--control-api-allow-remote",
  };
}

/** The services of the HTTP port. Remote calls to Control and Runtime are refused by the caller's address. */
function httpServices(config: SuperLinkConfig, services: SuperLinkServices) {
  const { remote } = config;
  const control = guardApi(services.control, controlApi(config));
  const runtime = guardApi(services.runtime, {
    name: "runtime",
    allowRemote: remote.runtime,
    danger: "apps run on the same machine",
    flag: "--runtime-api-allow-remote",
  });
  return [
    { prefix: "/v1/fleet", binding: services.fleet },
    { prefix: "/v1/control", binding: control },
    { prefix: "/v1/accounts", binding: guardApi(services.accounts, controlApi(config)) },
    { prefix: "/v1/runtime", binding: runtime },
    { prefix: "/v1/nodejobs", binding: services.nodeJobs },
  ];
}

async function withFlagInError<T>(flag: string, starting: Promise<T>): Promise<T> {
  try {
    return await starting;
  } catch (error) {
    const { code, message, hints } = FlwrError.from(error);
    if (code === "internal") throw error;
    throw new FlwrError(code, `${flag}: ${message}`, {
      hints: [...hints, `Or switch it off: ${flag} none`].slice(0, 3),
      cause: error,
    });
  }
}
