import type { Logger } from "@logtape/logtape";
import { log as defaultLog } from "../../base/log.ts";
import { causedBy } from "../../base/log_limiter.ts";
import { formatAddress, hostOfPeer, parseAddress } from "../address.ts";
import { answerInParts, answerStream, logOutcome } from "../answer.ts";
import { ApiError } from "../api_error.ts";
import { type BodyBudgets, bodyBudgets } from "../body_budgets.ts";
import type { RpcServer, ServerTls } from "../server.ts";
import { type BoundMethod, methodPath, type ServiceBinding } from "../service.ts";
import { admitCall } from "../shared_path.ts";
import { BODY_LIMITS, type BodyLimits, readBody, roomForBody } from "./body.ts";
import type { Connection, ConnectionLimits } from "./connections.ts";
import { type DownloadRoute, Downloads } from "./download.ts";
import { HttpCall } from "./http_call.ts";
import { type Answerer, HttpListener } from "./listener.ts";
import { isMediaType, PROTOBUF } from "./media_type.ts";
import { OwnHosts } from "./own_hosts.ts";
import { kebabName, pathOf } from "./path.ts";
import { plainResponse } from "./plain_answer.ts";
import { methodNotAllowed, type PlainAnswer, Refusal, refusalOf } from "./refusal.ts";
import { isFromBrowser } from "./web_page.ts";

/**
 * Milliseconds that a stream's head waits for its first message. Flower's command line gives up on a head after 30 s,
 * and the log of a run that waits has nothing to say for longer.
 */
const STREAM_HEAD_MS = 5_000;

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
  readonly downloads?: readonly DownloadRoute[];
  /** Where errors that callers are not told of go; the category "flwr.rpc" by default. */
  readonly log?: Logger;
  /** What is to be different from {@link BODY_LIMITS}. */
  readonly bodyLimits?: Partial<BodyLimits>;
  /** What large bodies have to share with those of other servers; budgets of its own by default. */
  readonly budgets?: BodyBudgets;
  /** How many connections there may be, and for how long unused ones. */
  readonly connections?: ConnectionLimits;
  /**
   * Names by which callers reach the server, beside its address and those of its certificate; "*" for any. Requests for
   * another host are refused.
   */
  readonly hostNames?: readonly string[];
  /** The flag by which the server's owner gives such names, for the refusal. */
  readonly hostFlag?: string;
  /** Milliseconds after which a stream's head is sent without its first message; {@link STREAM_HEAD_MS} by default. */
  readonly streamHeadMs?: number;
}

/** Healthy: it answers. */
const HEALTHY: PlainAnswer = { status: 200, headers: {}, body: "" };

/**
 * Starts a server for Flower's HTTP APIs: each method of the services is a POST of one message in protobuf's
 * encoding. HTTP/1.1, as Flower's own.
 *
 * Deno's HTTP server answers; the connections are accepted here, so that they can be counted and closed. Web pages are
 * refused on every path, by what browsers say of themselves and by the host that is asked for.
 *
 * @throws FlwrError "invalid-argument" for a malformed address; "unavailable" when it cannot be listened on;
 *   "failed-precondition" for a Deno that cannot serve
 */
// deno-lint-ignore require-await -- what it throws is a rejection
export async function startHttpServer(options: StartHttpServerOptions): Promise<RpcServer> {
  const address = parseAddress(options.address, { allowZero: true });
  const { tls, connections } = options;
  const hosts = new OwnHosts({
    names: [address.host, ...options.hostNames ?? []],
    ...(tls === undefined ? {} : { certificate: tls.cert }),
  });
  const answerer = requestHandler(options, hosts);
  const log = options.log ?? defaultLog("rpc");
  const crowded = (peer: string) =>
    log.warn("Connection closed: {peer} had too many requests at a time on it (HTTP/2?)", {
      peer,
      ...causedBy("connections with too many requests at a time", hostOfPeer(peer)),
    });
  const listener = new HttpListener({ address, tls, limits: connections, answerer, crowded });
  let closed: Promise<void> | undefined;
  return {
    address: formatAddress({ host: address.host, port: listener.port }),
    close: (graceSeconds) => closed ??= listener.close(graceSeconds),
  };
}

function requestHandler(options: StartHttpServerOptions, hosts: OwnHosts): Answerer {
  const { services, routes, log = defaultLog("rpc"), bodyLimits } = options;
  const plain = new Map(Object.entries({ [HEALTH]: () => HEALTHY, ...routes }));
  const methods = new Map(
    services.flatMap(({ prefix, binding }) =>
      binding.methods.map((method) => [`${prefix}/${kebabName(method.desc)}`, method])
    ),
  );
  const limits = { ...BODY_LIMITS, ...bodyLimits };
  const budgets = options.budgets ?? bodyBudgets();
  const files = new Downloads(options.downloads ?? [], budgets.answers, log);
  const streamHeadMs = options.streamHeadMs ?? STREAM_HEAD_MS;
  const refuseWebPage = webPageGuard(hosts, options.hostFlag);
  return async (request, connection) => {
    const path = pathOf(request.url);
    const refusal = refuseWebPage(request.headers, path);
    if (refusal !== undefined) return plainResponse(request, connection, refusal, true);
    const method = methods.get(path);
    if (method !== undefined) {
      return await answer(method, request, connection, { limits, budgets, streamHeadMs, log });
    }
    const route = plain.get(path);
    const download = route === undefined ? files.find(path) : undefined;
    if (download !== undefined) return await files.answer(download, path, request, connection);
    const said = route === undefined ? NOT_FOUND : answerRoute(route, request);
    return plainResponse(request, connection, said, true);
  };
}

const HEALTH = "/health";

const NOT_FOUND = refusalOf(new Refusal(404, "Not Found"));
const FROM_WEB_PAGE = refusalOf(new Refusal(403, "Web pages may not call this server."));
const NO_HOST = refusalOf(
  new Refusal(400, "No host is named. This server speaks HTTP/1.1, with the header Host."),
);

function otherHost(flag: string | undefined): PlainAnswer {
  const more = flag === undefined ? "" : `, or by one that its owner gives with ${flag}`;
  return refusalOf(
    new Refusal(
      403,
      "This server does not answer for that host: call it by its address, by a name without a full stop, by a name of " +
        `its certificate${more}.`,
    ),
  );
}

/** Refuses a page on the web, which calls under its own name or under another. */
function webPageGuard(
  hosts: OwnHosts,
  flag: string | undefined,
): (headers: Headers, path: string) => PlainAnswer | undefined {
  const other = otherHost(flag);
  return (headers, path) => {
    const host = headers.get("host");
    // Without a host no browser calls, and HTTP/1.1 nobody: but HTTP/1.0, by which load balancers ask for health.
    if (host === null) return path === HEALTH ? undefined : NO_HOST;
    if (!hosts.has(host)) return other;
    return isFromBrowser(headers) ? FROM_WEB_PAGE : undefined;
  };
}

function answerRoute(route: Route, { method }: Request): PlainAnswer {
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
  request: Request,
  connection: Connection,
  { limits, budgets, streamHeadMs, log }: AnswerOptions,
): Promise<Response> {
  const call = new HttpCall(methodPath(method.desc), request, connection, budgets.answers);
  let unread = true;
  try {
    if (request.method !== "POST") throw methodNotAllowed("POST");
    if (!isMediaType(request.headers.get("content-type"), PROTOBUF)) {
      throw new ApiError("media-type-unsupported", "Unsupported Content-Type.");
    }
    const entry = await admitCall([method], call);
    const maxBytes = Math.min(limits.maxBytes, method.maxRequestBytes(entry.found));
    const bodyLimits = { ...limits, maxBytes };
    using _room = await roomForBody(request, bodyLimits, budgets.requests, () => call.signal);
    const bytes = await readBody(request, bodyLimits);
    unread = false;
    if (method.desc.methodKind === "server_streaming") {
      const ended = (error?: unknown) => logOutcome(log, call, error);
      return await call.answerStream(answerStream(method, bytes, call, entry), streamHeadMs, ended);
    }
    const response = call.answer(await answerInParts(method, bytes, call, entry));
    logOutcome(log, call);
    return response;
  } catch (error) {
    logOutcome(log, call, error);
    return call.refuse(refusalOf(error), unread);
  }
}
