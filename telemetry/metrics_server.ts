import { createHash, timingSafeEqual } from "node:crypto";
import { startHttpServer } from "../rpc/http/server.ts";
import type { ConnectionLimits } from "../rpc/http/connections.ts";
import type { PlainResponse } from "../rpc/http/refusal.ts";
import type { RpcServer, ServerCertificate } from "../rpc/server.ts";
import { acceptedFormat } from "./accepted_format.ts";
import { CONTENT_TYPES } from "./exposition.ts";
import type { Scrapes } from "./scrapes.ts";

/** Path of the metrics. */
export const METRICS_PATH = "/metrics";

/**
 * Limits of connections. A few programs scrape, with one connection each. An idle connection gives way to a new one, so
 * strangers who hold connections do not keep them out.
 */
const CONNECTIONS: ConnectionLimits = {
  connections: 64,
  perAddress: 32,
  headTimeoutMs: 10_000,
};

/** Options of {@link startMetricsServer}. */
export interface MetricsServerOptions {
  /** "host:port" to listen on; port 0 picks a free one. */
  readonly address: string;
  /** Without it the server uses plain text. */
  readonly tls?: ServerCertificate | undefined;
  /** The bearer token that a scrape must have. Undefined: none is needed. */
  readonly token?: string | undefined;
  readonly scrapes: Scrapes;
  /** More names under which the server may be called; see `StartHttpServerOptions.hostNames`. */
  readonly hostNames?: readonly string[];
  /** The flag that sets these names, for the error message. */
  readonly hostFlag?: string;
}

/** Starts a server for metrics, at {@link METRICS_PATH}. @throws FlwrError as `startHttpServer` */
export function startMetricsServer(options: MetricsServerOptions): Promise<RpcServer> {
  const { address, tls, token, scrapes, hostNames, hostFlag } = options;
  const isAllowed = tokenCheck(token);
  return startHttpServer({
    address,
    ...(tls && { tls }),
    ...(hostNames && { hostNames }),
    ...(hostFlag !== undefined && { hostFlag }),
    services: [],
    connections: CONNECTIONS,
    routes: {
      [METRICS_PATH]: async (headers) => {
        if (!isAllowed(headers.get("authorization"))) return NO_TOKEN;
        const format = acceptedFormat(headers.get("accept"));
        return {
          status: 200,
          headers: { "content-type": CONTENT_TYPES[format], "cache-control": "no-store" },
          body: await scrapes.text(format),
        };
      },
    },
  });
}

const NO_TOKEN: PlainResponse = {
  status: 401,
  headers: { "www-authenticate": "Bearer", "content-type": "text/plain; charset=utf-8" },
  body: "The request needs the metrics token: Authorization: Bearer TOKEN\n",
};

/** Checks an Authorization header. The time that it takes does not depend on how much of the token is right. */
function tokenCheck(token: string | undefined): (authorization: string | null) => boolean {
  if (token === undefined) return () => true;
  const digest = (text: string) => createHash("sha256").update(text).digest();
  const right = digest(token);
  return (authorization) => {
    const [, given] = /^bearer +(\S+) *$/i.exec(authorization ?? "") ?? [];
    return given !== undefined && timingSafeEqual(digest(given), right);
  };
}
