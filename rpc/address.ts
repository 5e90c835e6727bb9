import { FlwrError } from "../base/error.ts";

/** A place on the network: a host name or IP address (no brackets), and a port. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * Parses "host:port" as Flower does: splits at the last colon and removes brackets around an IPv6 address
 * ("[::1]:9092").
 *
 * @param text what the user gave
 * @param options.allowZero accept port 0 ("any free port"), which only servers can use
 * @throws FlwrError "invalid-argument"
 */
export function parseAddress(text: string, options: { allowZero?: boolean } = {}): Address {
  const colon = text.lastIndexOf(":");
  const host = text.slice(0, Math.max(colon, 0)).replace(/^\[(.*)\]$/, "$1");
  const digits = text.slice(colon + 1);
  const port = /^\d{1,5}$/.test(digits) ? Number(digits) : NaN;
  const lowest = options.allowZero ? 0 : 1;
  if (colon < 0 || host === "" || /[\s/[\]@]/.test(host)) {
    throw malformed(text, "it has no host and port");
  }
  if (!(port >= lowest && port <= 65_535)) {
    throw malformed(text, `the port must be a number from ${lowest} to 65535`);
  }
  if (host.includes(":") && !isIPv6(host)) throw malformed(text, "the host contains a colon");
  return { host, port };
}

function malformed(text: string, why: string): FlwrError {
  const hints = text.includes("://")
    ? ["Leave out the scheme: gRPC addresses are host:port"]
    : ["Write host:port, for example 127.0.0.1:9092 or [::1]:9092"];
  return new FlwrError("invalid-argument", `Address "${text}" cannot be parsed: ${why}`, { hints });
}

/** The address as "host:port", with brackets around an IPv6 address. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The host of a caller's "address:port", without brackets. */
export function hostOfPeer(peer: string): string {
  return peer.slice(0, Math.max(peer.lastIndexOf(":"), 0)).replace(/^\[(.*)\]$/, "$1");
}

/** Whether the host is an IP address and not a name. */
export function isIP(host: string): boolean {
  return isIPv4(host) || isIPv6(host);
}

/**
 * Whether only this machine can reach the host: "localhost", 127.0.0.0/8 or ::1. A server that listens on "::" sees
 * 127.0.0.0/8 in IPv6 notation, which counts too.
 */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^::ffff:(?=\d+\.)/i, "");
  return host === "localhost" || host === "::1" || (isIPv4(bare) && bare.startsWith("127."));
}

function isIPv4(host: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(host) &&
    host.split(".").every((part) => Number(part) <= 255);
}

function isIPv6(host: string): boolean {
  return host.includes(":") && URL.canParse(`http://[${host.replace(/%.*$/, "")}]`);
}
