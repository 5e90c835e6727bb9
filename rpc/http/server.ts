import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { Socket } from "node:net";
import type { Logger } from "@logtape/logtape";
import { log as defaultLog } from "../../base/log.ts";
import { formatAddress, parseAddress } from "../address.ts";
import { answerInParts, answerStream, logOutcome } from "../answer.ts";
import { ApiError } from "../api_error.ts";
import { type BodyBudgets, bodyBudgets } from "../body_budgets.ts";
import { LINGER_MS } from "../limits.ts";
import type { RpcServer, ServerTls } from "../server.ts";
import { type BoundMethod, methodPath, type ServiceBinding } from "../service.ts";
import { admitCall } from "../shared_path.ts";
import { BODY_LIMITS, type BodyLimits, readBody, roomForBody } from "./body.ts";
import { type Download, Downloads } from "./download.ts";
import { heldBody } from "./held_body.ts";
import { HttpCall, sendPlain } from "./http_call.ts";
import { HEAD_CHECK_MS, HEAD_TIMEOUT_MS, KEEP_ALIVE_MS, STREAM_HEAD_MS } from "./limits.ts";
import { listen } from "./listen.ts";
import { isMediaType, PROTOBUF } from "./media_type.ts";
import { kebabName, pathOf } from "./path.ts";
import { methodNotAllowed, type PlainAnswer, Refusal, refusalOf } from "./refusal.ts";

/** A service and where its methods are. */
export interface HttpService {
  /** What the methods' paths start with, "/v1/fleet". */
  readonly prefix: string;
  readonly binding: ServiceBinding;
}

/** Answers GET and HEAD of a path that is no call of a service. */
export type Route = () => PlainAnswer;

/** How to start a server. */
export interface StartHttpServerOptions {
  /** "host:port" to listen on; port 0 takes a free one. */
  readonly address: string;
  /** Without it the server speaks plain text. */
  readonly tls?: ServerTls;
  readonly services: readonly HttpService[];
  /** By path; "/health" is there without. */
  readonly routes?: Readonly<Record<string, Route>>;
  /** What sends files. */
  readonly downloads?: readonly Download[];
  /** Where errors that callers are not told of go; the category "flwr.rpc" by default. */
  readonly log?: Logger;
  /** What is to be different from {@link BODY_LIMITS}. */
  readonly bodyLimits?: Partial<BodyLimits>;
  /** What large bodies have to share with those of other servers; budgets of its own by default. */
  readonly budgets?: BodyBudgets;
  /** Milliseconds for a request's head; {@link HEAD_TIMEOUT_MS} by default. */
  readonly headTimeoutMs?: number;
  /** Milliseconds after which a stream's head is sent without its first message; {@link STREAM_HEAD_MS} by default. */
  readonly streamHeadMs?: number;
}

/** Healthy: it answers. */
const HEALTHY: PlainAnswer = { status: 200, headers: {}, body: "" };

/**
 * Starts a server for Flower's HTTP APIs: each method of the services is a POST of one message in protobuf's
 * encoding. HTTP/1.1 only, as Flower's own.
 *
 * It stands on node:http and not on Deno.serve, which has no deadline for a request's head, calls an answer sent that
 * nobody has taken, and cannot tell a caller who went from one who was answered.
 *
 * @throws FlwrError "invalid-argument" for a malformed address; "unavailable" when it cannot be listened on
 */
export async function startHttpServer(options: StartHttpServerOptions): Promise<RpcServer> {
  const address = parseAddress(options.address, { allowZero: true });
  const handler = requestHandler(options);
  const { tls, headTimeoutMs = HEAD_TIMEOUT_MS } = options;
  const settings = {
    headersTimeout: headTimeoutMs,
    connectionsCheckingInterval: Math.min(HEAD_CHECK_MS, headTimeoutMs),
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: 0, // bodies have a deadline by their length
  };
  const server = tls === undefined
    ? createServer(settings, handler)
    : createTlsServer({ ...settings, cert: tls.cert, key: tls.key }, handler);
  // Who asks first whether the body is wanted gets the answer from its headers.
  server.on("checkContinue", handler);
  server.on("clientError", (_error, socket) => {
    if (socket.writable) socket.write(MALFORMED);
    // Whoever speaks something else need not be waited for.
    if (socket instanceof Socket) socket.destroySoon();
    else socket.destroy();
  });
  const port = await listen(server, address);
  let closed: Promise<void> | undefined;
  return {
    address: formatAddress({ host: address.host, port }),
    close: (graceSeconds) => closed ??= close(server, graceSeconds),
  };
}

/** What is no HTTP gets. */
const MALFORMED = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

function requestHandler(
  options: StartHttpServerOptions,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { services, routes, log = defaultLog("rpc"), bodyLimits } = options;
  const plain = new Map(Object.entries({ "/health": () => HEALTHY, ...routes }));
  const methods = new Map(
    services.flatMap(({ prefix, binding }) =>
      binding.methods.map((method) => [`${prefix}/${kebabName(method.desc)}`, method])
    ),
  );
  const limits = { ...BODY_LIMITS, ...bodyLimits };
  const budgets = options.budgets ?? bodyBudgets();
  const files = new Downloads(options.downloads ?? [], budgets.answers, log);
  const streamHeadMs = options.streamHeadMs ?? STREAM_HEAD_MS;
  return async (request, response) => {
    // A broken connection is an error of these two; whom it concerns hears of it by their end.
    request.on("error", () => {});
    response.on("error", () => {});
    const path = pathOf(request.url ?? "");
    const method = methods.get(path);
    const route = plain.get(path);
    if (method !== undefined) {
      return await answer(method, request, response, { limits, budgets, streamHeadMs, log });
    }
    const download = route === undefined ? files.find(path) : undefined;
    if (download !== undefined) return await files.answer(download, path, request, response);
    sendPlain(request, response, route === undefined ? NOT_FOUND : answerRoute(route, request));
  };
}

const NOT_FOUND = refusalOf(new Refusal(404, "Not Found"));

function answerRoute(route: Route, { method }: IncomingMessage): PlainAnswer {
  return method === "GET" || method === "HEAD" ? route() : refusalOf(methodNotAllowed("GET, HEAD"));
}

/** How calls are answered. */
interface AnswerOptions {
  readonly limits: BodyLimits;
  readonly budgets: BodyBudgets;
  readonly streamHeadMs: number;
  readonly log: Logger;
}

async function answer(
  method: BoundMethod,
  request: IncomingMessage,
  response: ServerResponse,
  { limits, budgets, streamHeadMs, log }: AnswerOptions,
): Promise<void> {
  const call = new HttpCall(methodPath(method.desc), request, response, budgets.answers);
  try {
    if (request.method !== "POST") throw methodNotAllowed("POST");
    if (!isMediaType(request.headers["content-type"], PROTOBUF)) {
      throw new ApiError("media-type-unsupported", "Unsupported Content-Type.");
    }
    using body = heldBody(request);
    const entry = await admitCall([method], call);
    const bodyLimits = { ...limits, maxBytes: Math.min(limits.maxBytes, method.maxRequestBytes) };
    using _room = await roomForBody(request, bodyLimits, budgets.requests, () => call.signal);
    body.resume();
    if (request.headers.expect !== undefined) response.writeContinue();
    const bytes = await readBody(request, bodyLimits);
    if (method.desc.methodKind === "server_streaming") {
      await call.answerStream(answerStream(method, bytes, call, entry), streamHeadMs);
    } else {
      await call.answer(await answerInParts(method, bytes, call, entry));
    }
    logOutcome(log, call);
  } catch (error) {
    logOutcome(log, call, error);
    call.refuse(refusalOf(error));
  }
}

function close(server: Server, graceSeconds: number): Promise<void> {
  return new Promise((resolve) => {
    const breakOff = setTimeout(() => server.closeAllConnections(), graceSeconds * 1000);
    const giveUp = setTimeout(resolve, graceSeconds * 1000 + LINGER_MS);
    server.close(() => {
      clearTimeout(breakOff);
      clearTimeout(giveUp);
      resolve();
    });
    server.closeIdleConnections();
  });
}
