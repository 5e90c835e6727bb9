import type { Logger } from "@logtape/logtape";
import { log as defaultLog } from "../../base/log.ts";
import { causedBy } from "../../base/log_limiter.ts";
import { formatAddress, hostOfPeer, parseAddress } from "../address.ts";
import { type BodyBudgets, bodyBudgets } from "../body_budgets.ts";
import { PACE_LIMITS, type PaceLimits } from "../body_pace.ts";
import { answerGrpc, methodsByPath } from "./grpc_services.ts";
import { healthService } from "./health.ts";
import { Http2Server } from "../http2/server.ts";
import { KEEPALIVE_TIMEOUT_MS, SERVER_KEEPALIVE_MS, SERVER_WINDOW_BYTES } from "../limits.ts";
import { PaceWatch } from "../pace_watch.ts";
import type { RpcServer, ServerTls } from "../server.ts";
import type { ServiceBinding } from "../service.ts";

/** Calls that one connection may have open at a time: a SuperNode needs three, a proxy in front of many needs more. */
export const MAX_CONCURRENT_STREAMS = 1000;

/** Milliseconds without a call after which a server closes a connection. A SuperNode pings every 20 s. */
const MAX_CONNECTION_IDLE_MS = 30 * 60_000;

/** How to start a server. */
export interface StartServerOptions {
  /** "host:port" to listen on; port 0 takes a free one. */
  readonly address: string;
  /** Without it the server speaks plain text. */
  readonly tls?: ServerTls;
  readonly services: readonly ServiceBinding[];
  /** Where errors that callers are not told of go; the category "flwr.rpc" by default. */
  readonly log?: Logger;
  /** What large bodies have to share with those of other servers; budgets of its own by default. */
  readonly budgets?: BodyBudgets;
  /** How slowly a request may come, and an answer be taken; {@link PACE_LIMITS} by default. */
  readonly pace?: PaceLimits;
}

/**
 * Starts a gRPC server with the given services and the standard health service.
 *
 * @throws FlwrError "invalid-argument" for a malformed address; "unavailable" when it cannot be listened on
 */
// deno-lint-ignore require-await -- what it throws is to be a rejection
export async function startServer(options: StartServerOptions): Promise<RpcServer> {
  const address = parseAddress(options.address, { allowZero: true });
  const { log = defaultLog("rpc"), budgets = bodyBudgets(), pace = PACE_LIMITS } = options;
  const byPath = methodsByPath([
    ...options.services,
    healthService(options.services.map(({ desc }) => desc.typeName)),
  ]);
  const server = new Http2Server({
    address,
    tls: options.tls,
    answer: (stream, progress) => answerGrpc(stream, byPath, serving, progress),
    maxStreams: MAX_CONCURRENT_STREAMS,
    windowBytes: SERVER_WINDOW_BYTES,
    keepAlive: {
      silence: SERVER_KEEPALIVE_MS / 1000,
      patience: KEEPALIVE_TIMEOUT_MS / 1000,
    },
    idleSeconds: MAX_CONNECTION_IDLE_MS / 1000,
    onOffence: (peer, reason) =>
      log.warn("Closed the connection of {peer}: {reason}", {
        peer,
        reason,
        ...causedBy("closed connections", hostOfPeer(peer)),
      }),
  });
  // Only now, because it has a timer: no call comes before the next turn.
  const taking = new PaceWatch(pace);
  const serving = { log, answers: budgets.answers, pace, taking };
  let closed: Promise<void> | undefined;
  return {
    address: formatAddress({ host: address.host, port: server.port }),
    close: (graceSeconds: number) =>
      closed ??= server.close(graceSeconds).finally(() => taking[Symbol.dispose]()),
  };
}
