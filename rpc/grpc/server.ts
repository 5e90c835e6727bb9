import type { Logger } from "@logtape/logtape";
import { log as defaultLog } from "../../base/log.ts";
import { causedBy } from "../../base/log_limiter.ts";
import { formatAddress, hostOfPeer, parseAddress } from "../address.ts";
import { type BodyBudgets, bodyBudgets } from "../body_budgets.ts";
import type { OnCallEnd } from "../call_end.ts";
import { PACE_LIMITS, type PaceLimits } from "../body_pace.ts";
import { answerGrpc, methodsByPath } from "./grpc_services.ts";
import { healthService } from "./health.ts";
import { Http2Server } from "../http2/server.ts";
import { KEEPALIVE_TIMEOUT_MS, SERVER_KEEPALIVE_MS, SERVER_WINDOW_BYTES } from "../limits.ts";
import { PaceWatch } from "../pace_watch.ts";
import type { TrustedProxies } from "../proxies/trusted_proxies.ts";
import type { Readiness } from "../readiness.ts";
import type { RpcServer, ServerCertificate } from "../server.ts";
import type { ServiceBinding } from "../service.ts";

/** Open calls per connection: a SuperNode needs three, a proxy in front of many nodes needs more. */
export const MAX_CONCURRENT_STREAMS = 1000;

/** Milliseconds without a call after which a server closes a connection. A SuperNode pings every 20 s. */
const MAX_CONNECTION_IDLE_MS = 30 * 60_000;

/** How to start a server. */
export interface StartServerOptions {
  /** "host:port" to listen on; port 0 picks a free one. */
  readonly address: string;
  /** Without it the server uses plain text. */
  readonly tls?: ServerCertificate;
  /** Whether other processes listen on the same port; see ListenOptions. */
  readonly sharesPort?: boolean;
  readonly services: readonly ServiceBinding[];
  /** Gets the errors that callers do not see; the category "flwr.rpc" by default. */
  readonly log?: Logger;
  /** Budgets for large bodies, to share them with other servers; new ones by default. */
  readonly budgets?: BodyBudgets;
  /** Slowest requests and responses that are allowed; {@link PACE_LIMITS} by default. */
  readonly pace?: PaceLimits;
  /** Aborted when the server is about to stop, which health checks then say. */
  readonly stopping?: AbortSignal | undefined;
  /** Whether the server is ready, which health checks then say. */
  readonly readiness?: Readiness | undefined;
  /** The proxies that are believed when they name their callers; none by default. */
  readonly proxies?: TrustedProxies | undefined;
  /** Called at the end of each call of a service's method. */
  readonly onCallEnd?: OnCallEnd | undefined;
}

/**
 * Starts a gRPC server with the given services and the standard health service.
 *
 * @throws FlwrError "invalid-argument" for a malformed address; "unavailable" if it cannot listen there
 */
// deno-lint-ignore require-await -- turns its errors into rejections
export async function startServer(options: StartServerOptions): Promise<RpcServer> {
  const address = parseAddress(options.address, { allowZero: true });
  const { log = defaultLog("rpc"), budgets = bodyBudgets(), pace = PACE_LIMITS, proxies } = options;
  const byPath = methodsByPath([
    ...options.services,
    healthService(
      options.services.map(({ desc }) => desc.typeName),
      options.stopping,
      options.readiness,
    ),
  ]);
  const server = new Http2Server({
    address,
    tls: options.tls,
    sharesPort: options.sharesPort,
    answer: (stream, progress) => answerGrpc(stream, byPath, serving, progress),
    maxStreams: MAX_CONCURRENT_STREAMS,
    windowBytes: SERVER_WINDOW_BYTES,
    keepAlive: {
      silence: SERVER_KEEPALIVE_MS / 1000,
      patience: KEEPALIVE_TIMEOUT_MS / 1000,
    },
    idleSeconds: MAX_CONNECTION_IDLE_MS / 1000,
    isProxy: (host) => proxies?.has(host) === true,
    onOffence: (peer, reason) =>
      log.warn("Closed the connection of {peer}: {reason}", {
        peer,
        reason,
        ...causedBy("closed connections", hostOfPeer(peer)),
      }),
  });
  // Created last, because it has a timer. No call arrives before the next turn.
  const responsePace = new PaceWatch(pace);
  const { onCallEnd } = options;
  const serving = { log, responses: budgets.responses, pace, responsePace, proxies, onCallEnd };
  let closed: Promise<void> | undefined;
  return {
    address: formatAddress({ host: address.host, port: server.port }),
    renew: (certificate) => server.renew(certificate),
    close: (graceSeconds: number) =>
      closed ??= server.close(graceSeconds).finally(() => responsePace[Symbol.dispose]()),
  };
}
