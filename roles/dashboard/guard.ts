import { isMediaType, JSON_TYPE } from "../../rpc/http/media_type.ts";
import { HttpRefusal, methodNotAllowed } from "../../rpc/http/refusal.ts";

/** Values of Sec-Fetch-Site of our own page, and of an address that the user typed. */
const OWN_SITES: ReadonlySet<string> = new Set(["same-origin", "none"]);

/** Names under which a loopback dashboard may be called. */
const LOOPBACK_NAMES = ["127.0.0.1", "localhost", "[::1]"];

/** The values of a Host header that name this dashboard: "127.0.0.1:8265". */
export function ownHostsOf(port: number): ReadonlySet<string> {
  return new Set(LOOPBACK_NAMES.map((name) => `${name}:${port}`));
}

/**
 * Refuses requests that other web pages make, which every page in the user's browser can.
 *
 * - The host must be the dashboard's, so a page that lets its own name resolve to this machine (DNS rebinding) is
 *   refused.
 * - What a page of another site, or of another port of this machine, requests is refused. Only a link to the start page
 *   is allowed, because that page contains nothing.
 * - Requests that change something must be POST, come from our own page, and have a JSON body, which no form can send.
 *
 * @throws HttpRefusal
 */
export function checkOrigin(
  request: Request,
  path: string,
  hosts: ReadonlySet<string>,
): void {
  const { method, headers } = request;
  const host = headers.get("host");
  if (host === null || !hosts.has(host.toLowerCase())) {
    throw new HttpRefusal(421, "This dashboard does not answer for that host");
  }
  const site = headers.get("sec-fetch-site");
  const opensPage = path === "/" && headers.get("sec-fetch-mode") === "navigate";
  if (site !== null && !OWN_SITES.has(site) && !opensPage) {
    throw new HttpRefusal(403, "Other web pages may not call the dashboard");
  }
  if (method === "GET" || method === "HEAD") return;
  if (method !== "POST") throw methodNotAllowed("GET, HEAD, POST");
  if (headers.get("origin") !== `http://${host}`) {
    throw new HttpRefusal(403, "Only the dashboard's own page may change something");
  }
  if (!isMediaType(headers.get("content-type"), JSON_TYPE)) {
    throw new HttpRefusal(415, "The request must be JSON");
  }
}
