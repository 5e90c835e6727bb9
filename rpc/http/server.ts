import type { Logger } from "@logtape/logtape";
import { log as defaultLog } from "../../base/log.ts";
import { type Address, formatAddress, parseAddress } from "../address.ts";
import { answerStream, answerUnary, logOutcome } from "../answer.ts";
import { ApiError } from "../api_error.ts";
import { explainBindError } from "../bind_error.ts";
import { LINGER_MS } from "../limits.ts";
import type { RpcServer, ServerTls } from "../server.ts";
import { type BoundMethod, methodPath, type ServiceBinding } from "../service.ts";
import { BODY_LIMITS, type BodyLimits, readBody } from "./body.ts";
import { HttpCall } from "./http_call.ts";
import { isMediaType, PROTOBUF } from "./media_type.ts";
import { OpenCalls } from "./open_calls.ts";
import { kebabName, pathOf } from "./path.ts";
import { Refusal, refusalResponse } from "./refusal.ts";
import { framesOf } from "./stream_body.ts";

/** A service and where its methods are. */
export interface HttpService {
  /** What the methods' paths start with, "/v1/fleet". */
  readonly prefix: string;
  readonly binding: ServiceBinding;
}

/** Answers requests that are no calls of a service. */
export type Route = (request: Request) => Response | Promise<Response>;

/** How to start a server. */
export interface StartHttpServerOptions {
  /** "host:port" to listen on; port 0 takes a free one. */
  readonly address: string;
  /** Without it the server speaks plain text. */
  readonly tls?: ServerTls;
  readonly services: readonly HttpService[];
  /** By path; "/health" is there without. */
  readonly routes?: Readonly<Record<string, Route>>;
  /** Where errors that callers are not told of go; the category "flwr.rpc" by default. */
  readonly log?: Logger;
  /** What is to be different from {@link BODY_LIMITS}. */
  readonly bodyLimits?: Partial<BodyLimits>;
}

/**
 * Starts a server for Flower's HTTP APIs: each method of the services is a POST of one message in protobuf's
 * encoding.
 *
 * @throws FlwrError "invalid-argument" for a malformed address; "unavailable" when it cannot be listened on
 */
export function startHttpServer(options: StartHttpServerOptions): Promise<RpcServer> {
  return Promise.try(start, options);
}

function start(options: StartHttpServerOptions): RpcServer {
  const address = parseAddress(options.address, { allowZero: true });
  const log = options.log ?? defaultLog("rpc");
  const limits = { ...BODY_LIMITS, ...options.bodyLimits };
  const routes = new Map(Object.entries({ "/health": health, ...options.routes }));
  const methods = methodsByPath(options.services);
  const calls = new OpenCalls();
  const breaking = new AbortController();
  const server = listen(address, options.tls, breaking.signal, log, (request, info) => {
    if (calls.closing) return refusalResponse(CLOSING);
    calls.add(info.completed);
    const path = pathOf(request.url);
    const route = routes.get(path);
    if (route !== undefined) return route(request);
    const method = methods.get(path);
    if (method === undefined) return refusalResponse(new Refusal(404, "Not Found"));
    return answer(method, request, info, limits, log);
  });
  let closed: Promise<void> | undefined;
  return {
    address: formatAddress({ host: address.host, port: server.addr.port }),
    close: (graceSeconds) => closed ??= close(server, calls, breaking, graceSeconds),
  };
}

const CLOSING = new Refusal(503, "The server is closing.", { connection: "close" });

function methodsByPath(services: readonly HttpService[]): Map<string, BoundMethod> {
  return new Map(
    services.flatMap(({ prefix, binding }) =>
      binding.methods.map((method) => [`${prefix}/${kebabName(method.desc)}`, method])
    ),
  );
}

function health({ method }: Request): Response {
  return method === "GET" || method === "HEAD"
    ? new Response()
    : refusalResponse(methodNotAllowed("GET, HEAD"));
}

function methodNotAllowed(allow: string): Refusal {
  return new Refusal(405, "Method Not Allowed", { allow });
}

async function answer(
  method: BoundMethod,
  request: Request,
  info: Deno.ServeHandlerInfo<Deno.NetAddr>,
  limits: BodyLimits,
  log: Logger,
): Promise<Response> {
  const call = new HttpCall(methodPath(method.desc), request, info);
  try {
    if (request.method !== "POST") throw methodNotAllowed("POST");
    if (!isMediaType(request.headers.get("content-type"), PROTOBUF)) {
      throw new ApiError("media-type-unsupported", "Unsupported Content-Type.");
    }
    await method.admit?.(call);
    const bytes = await readBody(request, limits);
    if (method.desc.methodKind === "server_streaming") {
      const frames = await framesOf(answerStream(method, bytes, call), call, log);
      return call.answerStream(frames);
    }
    const response = await answerUnary(method, bytes, call);
    logOutcome(log, call);
    return call.answer(response);
  } catch (error) {
    logOutcome(log, call, error);
    call.end(false);
    return refusalResponse(error);
  }
}

function listen(
  { host, port }: Address,
  tls: ServerTls | undefined,
  signal: AbortSignal,
  log: Logger,
  handler: Deno.ServeHandler<Deno.NetAddr>,
): Deno.HttpServer<Deno.NetAddr> {
  try {
    return Deno.serve({
      hostname: host,
      port,
      signal,
      onListen() {}, // it would be said on stdout
      onError(error) {
        log.error("An HTTP request failed: {error}", { error });
        return refusalResponse(error);
      },
      ...(tls === undefined ? {} : { cert: tls.cert, key: tls.key }),
    }, handler);
  } catch (error) {
    throw explainBindError(formatAddress({ host, port }), error);
  }
}

async function close(
  server: Deno.HttpServer,
  calls: OpenCalls,
  breaking: AbortController,
  graceSeconds: number,
): Promise<void> {
  const inTime = await calls.close(graceSeconds * 1000);
  if (!inTime) {
    breaking.abort();
    return await server.finished;
  }
  // All answers are on their way; a peer that does not take its own must not keep the server from ending.
  await settledWithin(server.shutdown(), LINGER_MS);
}

function settledWithin(ending: Promise<void>, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    ending.finally(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
