import { log } from "../../base/log.ts";
import { textOf } from "../../base/untrusted.ts";
import { formatAddress, parseAddress } from "../../rpc/address.ts";
import type { Connection } from "../../rpc/http/connections.ts";
import { HttpListener } from "../../rpc/http/listener.ts";
import { pathOf } from "../../rpc/http/path.ts";
import { plainResponse } from "../../rpc/http/plain_response.ts";
import { errorResponse, HttpRefusal } from "../../rpc/http/refusal.ts";
import { refuseOpenDashboard } from "./address.ts";
import { EventStreams } from "./event_streams.ts";
import { ASSETS } from "./gen/assets.ts";
import { checkOrigin, ownHostsOf } from "./guard.ts";
import { readJson } from "./request_body.ts";
import { RESPONSE_HEADERS } from "./response_headers.ts";
import { answerApi } from "./routes.ts";
import { Sessions } from "./sessions.ts";
import type { DashboardSource } from "./source.ts";

/** Connections at a time. A browser opens up to six. */
const MAX_CONNECTIONS = 256;

/** Seconds for open requests when the dashboard closes. */
const GRACE_SECONDS = 1;

const logger = log("dashboard");

/** A dashboard that serves. */
export interface Dashboard extends AsyncDisposable {
  /** "host:port", with the actual port. */
  readonly address: string;
  /** What the user opens in a browser. It contains the token, so it must be in no log. */
  readonly url: string;
}

/**
 * Serves the dashboard on a listener of its own.
 *
 * @param text "host:port" on the loopback interface; port 0 picks a free one
 * @throws FlwrError "failed-precondition" for an address that other machines reach; "invalid-argument" for a malformed
 *   one; "unavailable" if it cannot listen there
 */
export function startDashboard(text: string, source: DashboardSource): Dashboard {
  const address = parseAddress(text, { allowZero: true });
  refuseOpenDashboard("--dashboard", address);
  const streams = new EventStreams(source);
  const state: { answer?: (request: Request, connection: Connection) => Promise<Response> } = {};
  const listener = new HttpListener({
    address,
    tls: undefined,
    limits: { connections: MAX_CONNECTIONS, perAddress: MAX_CONNECTIONS },
    // No request arrives before this function returns.
    answerer: (request, connection) => state.answer!(request, connection),
  });
  const { port } = listener;
  const sessions = new Sessions(port);
  state.answer = answerer({ source, streams, sessions, hosts: ownHostsOf(port) });
  const actual = formatAddress({ host: address.host, port });
  return {
    address: actual,
    url: `http://${actual}/#token=${sessions.token}`,
    async [Symbol.asyncDispose]() {
      streams.end();
      await listener.close(GRACE_SECONDS);
    },
  };
}

interface AnswererOptions {
  readonly source: DashboardSource;
  readonly streams: EventStreams;
  readonly sessions: Sessions;
  readonly hosts: ReadonlySet<string>;
}

function answerer(options: AnswererOptions) {
  return async (request: Request, connection: Connection): Promise<Response> => {
    try {
      const path = pathOf(request.url);
      checkOrigin(request, path, options.hosts);
      return await answer(options, request, connection, path);
    } catch (error) {
      const refusal = errorResponse(error);
      if (refusal.status === 500) {
        logger.error("The dashboard could not answer {path}: {error}", {
          path: pathOf(request.url).slice(0, 100),
          error,
        });
      }
      const headers = { ...RESPONSE_HEADERS, ...refusal.headers };
      return plainResponse(request, connection, { ...refusal, headers }, request.body !== null);
    }
  };
}

async function answer(
  { source, streams, sessions }: AnswererOptions,
  request: Request,
  connection: Connection,
  path: string,
): Promise<Response> {
  const cookies = request.headers.get("cookie");
  if (request.method === "POST" && path === "/session") {
    const token = textOf((await readJson(request)).token, "token", 100);
    const cookie = sessions.open(token);
    if (cookie === undefined) {
      throw new HttpRefusal(401, "The token is wrong or of an earlier start");
    }
    return noContent(cookie);
  }
  if (request.method === "POST" && path === "/session/end") {
    await readJson(request);
    return noContent(sessions.end(cookies));
  }
  if (path.startsWith("/api/")) {
    const session = sessions.find(cookies);
    if (session === undefined) {
      throw new HttpRefusal(401, "Open the address that the SuperLink printed");
    }
    const query = new URL(request.url).searchParams;
    return await answerApi({ request, connection, session, source, streams, query }, path);
  }
  return asset(request, path);
}

function noContent(cookie: string): Response {
  return new Response(null, {
    status: 204,
    headers: { ...RESPONSE_HEADERS, "set-cookie": cookie },
  });
}

/** A file of the page. None contains data, so they need no session. */
function asset({ method }: Request, path: string): Response {
  const file = ASSETS[path === "/" ? "/index.html" : path];
  if (file === undefined) throw new HttpRefusal(404, "Not found");
  if (method === "POST") throw new HttpRefusal(405, "Method Not Allowed", { allow: "GET, HEAD" });
  return new Response(method === "HEAD" ? null : file.text, {
    headers: { ...RESPONSE_HEADERS, "content-type": file.type },
  });
}
