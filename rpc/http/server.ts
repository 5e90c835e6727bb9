import type { Logger } from "@logtape/logtape";
import { log as defaultLog } from "../../base/log.ts";
import { causedBy } from "../../base/log_limiter.ts";
import { formatAddress, hostOfPeer, parseAddress } from "../address.ts";
import { answerInParts, answerStream } from "../answer.ts";
import { ApiError } from "../api_error.ts";
import { type BodyBudgets, bodyBudgets } from "../body_budgets.ts";
import type { Readiness } from "../readiness.ts";
import type { RpcServer, ServerCertificate } from "../server.ts";
import { type BoundMethod, methodPath, type ServiceBinding } from "../service.ts";
import { type Origin, originOf } from "../proxies/origin.ts";
import type { TrustedProxies } from "../proxies/trusted_proxies.ts";
import { admitCall } from "../shared_path.ts";
import { callEnding, type OnCallEnd } from "../call_end.ts";
import { BODY_LIMITS, type BodyLimits, readBody, roomForBody } from "./body.ts";
import type { Connection, ConnectionLimits } from "./connections.ts";
import { Downloads, type FileDownload } from "./download.ts";
import { HttpCall } from "./http_call.ts";
import { type Answerer, HttpListener } from "./listener.ts";
import { isMediaType, PROTOBUF } from "./media_type.ts";
import { OwnHosts } from "./own_hosts.ts";
import { kebabName, pathOf } from "./path.ts";
import { plainResponse } from "./plain_response.ts";
import { errorResponse, HttpRefusal, methodNotAllowed, type PlainResponse } from "./refusal.ts";
import { isFromBrowser } from "./browser_request.ts";

/**
 * Milliseconds to wait for a stream's first message before its headers are sent. Flower's command line gives up on
 * headers after 30 s, and the log of a pending run may be empty for longer.
 */
const STREAM_HEAD_MS = 5_000;

/** A service and the path of its methods. */
export interface HttpService {
  /** Prefix of the methods' paths, "/v1/fleet". */
  readonly prefix: string;
  readonly binding: ServiceBinding;
}

/** Responds to GET and HEAD of a path that is not a service's method. Must not throw. */
export type Route = (headers: Headers) => PlainResponse | Promise<PlainResponse>;

/** How to start a server. */
export interface StartHttpServerOptions {
  /** "host:port" to listen on; port 0 picks a free one. */
  readonly address: string;
  /** Without it the server uses plain text. */
  readonly tls?: ServerCertificate;
  /** Whether other processes listen on the same port; see ListenOptions. */
  readonly sharesPort?: boolean;
  readonly services: readonly HttpService[];
  /** By path; "/health" always exists. */
  readonly routes?: Readonly<Record<string, Route>>;
  /** Handlers that send files. */
  readonly downloads?: readonly FileDownload[];
  /** Gets the errors that callers do not see; the category "flwr.rpc" by default. */
  readonly log?: Logger;
  /** Limits that differ from {@link BODY_LIMITS}. */
  readonly bodyLimits?: Partial<BodyLimits>;
  /** Budgets for large bodies, to share them with other servers; new ones by default. */
  readonly budgets?: BodyBudgets;
  /** Limits on the number of connections and on how long unused ones stay open. */
  readonly connections?: ConnectionLimits;
  /**
   * Names under which callers reach the server, in addition to its address and its certificate's names; "*" allows
   * any. Requests for another host are refused.
   */
  readonly hostNames?: readonly string[];
  /** The flag that sets these names, for the error message. */
  readonly hostFlag?: string;
  /**
   * Milliseconds after which a stream's headers are sent without its first message; {@link STREAM_HEAD_MS} by
   * default.
   */
  readonly streamHeadMs?: number;
  /** Aborted when the server is about to stop, which health checks then say. */
  readonly stopping?: AbortSignal | undefined;
  /** Whether the server is ready, which health checks then say. */
  readonly readiness?: Readiness | undefined;
  /** The proxies that are believed when they name their callers; none by default. */
  readonly proxies?: TrustedProxies | undefined;
  /** Called at the end of each call of a service's method. */
  readonly onCallEnd?: OnCallEnd | undefined;
}

/** Header of a response to a health check, by which our commands recognise our servers. */
const HEALTH_HEADER = "flwr-health";

/** Response to health checks. */
const HEALTHY: PlainResponse = { status: 200, headers: { [HEALTH_HEADER]: "ok" }, body: "" };

/** Response to health checks when the server is about to stop, and when it is not ready. */
const STOPPING = unhealthy("stopping");
const NOT_READY = unhealthy("not-ready");

function unhealthy(why: string): PlainResponse {
  return { status: 503, headers: { [HEALTH_HEADER]: why }, body: "" };
}

/**
 * Starts a server for Flower's HTTP APIs: each method is a POST of one protobuf message, over HTTP/1.1 as in Flower.
 *
 * Deno's HTTP server parses and answers. Connections are accepted here, where they can be counted and closed.
 * Requests from web pages are refused on every path, recognised by browsers' headers and by the requested host.
 *
 * @throws FlwrError "invalid-argument" for a malformed address; "unavailable" if it cannot listen there;
 *   "failed-precondition" for a version of Deno without the needed internals
 */
// deno-lint-ignore require-await -- turns its errors into rejections
export async function startHttpServer(options: StartHttpServerOptions): Promise<RpcServer> {
  const address = parseAddress(options.address, { allowZero: true });
  const { tls, connections } = options;
  const hosts = new OwnHosts({
    names: [address.host, ...options.hostNames ?? []],
    ...(tls === undefined ? {} : { certificate: tls.cert }),
  });
  const answerer = requestHandler(options, hosts);
  const log = options.log ?? defaultLog("rpc");
  const onTooManyRequests = (peer: string) =>
    log.warn("Closed the connection of {peer}: too many requests at a time on it (HTTP/2?)", {
      peer,
      ...causedBy("connections with too many requests at a time", hostOfPeer(peer)),
    });
  const listener = new HttpListener({
    address,
    tls,
    sharesPort: options.sharesPort,
    limits: connections,
    answerer,
    onTooManyRequests,
    isProxy: (host) => options.proxies?.has(host) === true,
  });
  let closed: Promise<void> | undefined;
  return {
    address: formatAddress({ host: address.host, port: listener.port }),
    async renew(certificate) {
      hosts.renew(certificate.cert);
      await listener.renew(certificate);
    },
    close: (graceSeconds) => closed ??= listener.close(graceSeconds),
  };
}

function requestHandler(options: StartHttpServerOptions, hosts: OwnHosts): Answerer {
  const { services, routes, log = defaultLog("rpc"), bodyLimits, stopping, readiness, proxies } =
    options;
  const health = () =>
    stopping?.aborted ? STOPPING : readiness?.isReady === false ? NOT_READY : HEALTHY;
  const { onCallEnd } = options;
  const plain = new Map(Object.entries({ [HEALTH]: health, ...routes }));
  const methods = new Map(
    services.flatMap(({ prefix, binding }) =>
      binding.methods.map((method) => [`${prefix}/${kebabName(method.desc)}`, method])
    ),
  );
  const limits = { ...BODY_LIMITS, ...bodyLimits };
  const budgets = options.budgets ?? bodyBudgets();
  const files = new Downloads(options.downloads ?? [], budgets.responses, log);
  const streamHeadMs = options.streamHeadMs ?? STREAM_HEAD_MS;
  const refuseWebPage = webPageGuard(hosts, options.hostFlag);
  return async (request, connection) => {
    const path = pathOf(request.url);
    const refusal = refuseWebPage(request.headers, path);
    if (refusal !== undefined) return plainResponse(request, connection, refusal, true);
    const method = methods.get(path);
    const route = plain.get(path);
    const download = route === undefined ? files.find(path) : undefined;
    if (method !== undefined || download !== undefined) {
      let origin: Origin;
      try {
        const header = (name: string) => request.headers.get(name) ?? undefined;
        origin = originOf(connection.peer, header, proxies);
      } catch (error) {
        return plainResponse(request, connection, errorResponse(error), true);
      }
      const answering = { limits, budgets, streamHeadMs, log, onCallEnd };
      return method !== undefined
        ? await answer(method, request, connection, origin, answering)
        : await files.answer(download!, path, request, connection, origin);
    }
    const response = route === undefined ? NOT_FOUND : await answerRoute(route, request);
    return plainResponse(request, connection, response, true);
  };
}

const HEALTH = "/health";

const NOT_FOUND = errorResponse(new HttpRefusal(404, "Not Found"));
const FROM_WEB_PAGE = errorResponse(new HttpRefusal(403, "Web pages may not call this server."));
const NO_HOST = errorResponse(
  new HttpRefusal(400, "The request has no Host header, which HTTP/1.1 requires."),
);

function otherHost(flag: string | undefined): PlainResponse {
  const more = flag === undefined ? "" : `, or a name given with ${flag} when it was started`;
  return errorResponse(
    new HttpRefusal(
      403,
      "This server does not answer for that host. Use its IP address, a name without a dot, a name in its " +
        `certificate${more}.`,
    ),
  );
}

/** Refuses requests of web pages, under their own host name or the server's. */
function webPageGuard(
  hosts: OwnHosts,
  flag: string | undefined,
): (headers: Headers, path: string) => PlainResponse | undefined {
  const other = otherHost(flag);
  return (headers, path) => {
    const host = headers.get("host");
    // Browsers and HTTP/1.1 always send Host. Load balancers check health over HTTP/1.0 without it.
    if (host === null) return path === HEALTH ? undefined : NO_HOST;
    if (!hosts.has(host)) return other;
    return isFromBrowser(headers) ? FROM_WEB_PAGE : undefined;
  };
}

async function answerRoute(route: Route, { method, headers }: Request): Promise<PlainResponse> {
  return method === "GET" || method === "HEAD"
    ? await route(headers)
    : errorResponse(methodNotAllowed("GET, HEAD"));
}

/** Options for answering calls. */
interface AnswerOptions {
  readonly limits: BodyLimits;
  readonly budgets: BodyBudgets;
  readonly streamHeadMs: number;
  readonly log: Logger;
  readonly onCallEnd: OnCallEnd | undefined;
}

async function answer(
  method: BoundMethod,
  request: Request,
  connection: Connection,
  origin: Origin,
  { limits, budgets, streamHeadMs, log, onCallEnd }: AnswerOptions,
): Promise<Response> {
  const ended = callEnding(log, onCallEnd);
  const call = new HttpCall(
    methodPath(method.desc),
    request,
    connection,
    origin,
    budgets.responses,
  );
  let unread = true;
  try {
    if (request.method !== "POST") throw methodNotAllowed("POST");
    if (!isMediaType(request.headers.get("content-type"), PROTOBUF)) {
      throw new ApiError("media-type-unsupported", "Unsupported Content-Type.");
    }
    const admission = await admitCall([method], call);
    const maxBytes = Math.min(limits.maxBytes, method.maxRequestBytes(admission.found));
    const bodyLimits = { ...limits, maxBytes };
    using _room = await roomForBody(request, bodyLimits, budgets.requests, () => call.signal);
    const bytes = await readBody(request, bodyLimits);
    unread = false;
    if (method.desc.methodKind === "server_streaming") {
      return await call.answerStream(
        answerStream(method, bytes, call, admission),
        streamHeadMs,
        (error?: unknown) => ended(call, error, method.watch),
      );
    }
    const response = call.answer(await answerInParts(method, bytes, call, admission));
    ended(call);
    return response;
  } catch (error) {
    ended(call, error, method.watch);
    return call.refuse(errorResponse(error), unread);
  }
}
