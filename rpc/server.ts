import {
  Server,
  ServerCredentials,
  type ServerInterceptor,
  type ServerOptions,
} from "@grpc/grpc-js";
import type { Logger } from "@logtape/logtape";
import { log as defaultLog } from "../base/log.ts";
import { type Address, formatAddress, parseAddress } from "./address.ts";
import { admission } from "./admission.ts";
import { explainBindError } from "./bind_error.ts";
import { type BodyBudgets, bodyBudgets } from "./body_budgets.ts";
import { PACE_LIMITS, type PaceLimits } from "./body_pace.ts";
import { asBuffer } from "./codec.ts";
import { trackDelivery } from "./delivery.ts";
import { checkServerDeno } from "./deno_version.ts";
import { widenConnectionWindows, widenStreamWindows } from "./flow_window.ts";
import { silenceGrpc } from "./grpc_log.ts";
import { methodsByPath, serveMethods } from "./grpc_services.ts";
import { healthService } from "./health.ts";
import {
  KEEPALIVE_TIMEOUT_MS,
  LINGER_MS,
  MAX_CONCURRENT_STREAMS,
  MAX_CONNECTION_IDLE_MS,
  MAX_MESSAGE_BYTES,
  SERVER_KEEPALIVE_MS,
} from "./limits.ts";
import { watchRequests } from "./request_watch.ts";
import type { ServiceBinding } from "./service.ts";

/** A server's certificate, as PEM text. What is wrong with it shows at the first handshake: check it before. */
export interface ServerTls {
  /** The authority that signed `cert`. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

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
  /** How slowly a request may come; {@link PACE_LIMITS} by default. */
  readonly pace?: PaceLimits;
}

/** A server that is listening. */
export interface RpcServer {
  /** "host:port" with the port that was taken. */
  readonly address: string;
  /**
   * Takes no new calls, waits for those that are open, then breaks off what is left.
   *
   * @param graceSeconds how long open calls may take
   */
  close(graceSeconds: number): Promise<void>;
}

const OPTIONS: ServerOptions = {
  "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
  "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
  "grpc.max_concurrent_streams": MAX_CONCURRENT_STREAMS,
  "grpc.keepalive_time_ms": SERVER_KEEPALIVE_MS,
  "grpc.keepalive_timeout_ms": KEEPALIVE_TIMEOUT_MS,
  "grpc.max_connection_idle_ms": MAX_CONNECTION_IDLE_MS,
  // Statistics that nobody reads cost several percent of every call.
  "grpc.enable_channelz": 0,
};

/**
 * Starts a gRPC server with the given services and the standard health service.
 *
 * @throws FlwrError "failed-precondition" when this Deno cannot serve; "invalid-argument" for a malformed address;
 *   "unavailable" when it cannot be listened on
 */
export async function startServer(options: StartServerOptions): Promise<RpcServer> {
  checkServerDeno(Deno.version.deno);
  silenceGrpc();
  const address = parseAddress(options.address, { allowZero: true });
  const { log = defaultLog("rpc"), budgets = bodyBudgets() } = options;
  const byPath = methodsByPath([
    ...options.services,
    healthService(options.services.map(({ desc }) => desc.typeName)),
  ]);
  const server = new Server({ ...OPTIONS, interceptors: interceptors(byPath, options.pace) });
  serveMethods(server, byPath, { log, answers: budgets.answers });
  widenStreamWindows(server);
  const port = await listen(server, address, options.tls);
  widenConnectionWindows(server);
  const bound = formatAddress({ host: address.host, port });
  let closed: Promise<void> | undefined;
  return {
    address: bound,
    close: (graceSeconds) => closed ??= closeServer(server, bound, graceSeconds),
  };
}

/** What every call passes before its handler, in this order. */
function interceptors(
  byPath: ReturnType<typeof methodsByPath>,
  pace: PaceLimits = PACE_LIMITS,
): ServerInterceptor[] {
  const guarded = new Map(
    [...byPath].filter(([, methods]) => methods.some(({ admit }) => admit !== undefined)),
  );
  const maxBytes = new Map(
    [...byPath].map(([path, methods]) => [
      path,
      Math.max(...methods.map(({ maxRequestBytes }) => maxRequestBytes)),
    ]),
  );
  return [trackDelivery, admission(guarded), watchRequests(maxBytes, pace)];
}

function listen(server: Server, address: Address, tls: ServerTls | undefined): Promise<number> {
  const text = formatAddress(address);
  return new Promise((resolve, reject) => {
    server.bindAsync(text, credentials(tls), (error, port) => {
      if (error === null) resolve(port);
      else reject(explainBindError(text, error));
    });
  });
}

function credentials(tls: ServerTls | undefined): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const pem = (text: string) => asBuffer(new TextEncoder().encode(text));
  // The authority is passed although no client certificate is asked for: without it a list of all the system's
  // authorities would be sent, longer than gRPC core accepts.
  return ServerCredentials.createSsl(pem(tls.ca), [
    { cert_chain: pem(tls.cert), private_key: pem(tls.key) },
  ]);
}

/** `address` is the one that is listened on, with its port. */
function closeServer(server: Server, address: string, graceSeconds: number): Promise<void> {
  // Without channelz grpc-js does not know its sessions by the time of forceShutdown; drain finds them.
  server.drain(address, graceSeconds * 1000);
  return new Promise((resolve) => {
    // A peer that never closes its end of a connection must not keep the server from ending.
    const giveUp = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, graceSeconds * 1000 + LINGER_MS);
    server.tryShutdown(() => {
      clearTimeout(giveUp);
      resolve();
    });
  });
}
