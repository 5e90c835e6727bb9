import { connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";
import { type Address, isIP } from "./address.ts";
import type { ClientTls } from "./client_tls.ts";
import { PROBE_TIMEOUT_MS } from "./limits.ts";
import { UNREACHABLE } from "./probe.ts";

/** Least and most milliseconds that a server of HTTP/2 has to speak first, before it is taken for one of HTTP/1. */
const SERVER_SPEAKS_FIRST_MS = { least: 25, most: 300 } as const;

/**
 * Milliseconds that a server of HTTP/2 has to speak first. Its first frame is on its way when it hears that the client
 * is connected: one way there and one back, so twice the time that connecting took leaves it as much again. A server
 * that was slow to speak is asked as if it spoke HTTP/1, and told by its first frame all the same.
 *
 * @param connectMs how long it took to connect
 */
function serverSpeaksFirstMs(connectMs: number): number {
  const { least, most } = SERVER_SPEAKS_FIRST_MS;
  return Math.min(most, least + 2 * connectMs);
}

/** What a port speaks: "http" for HTTP/1.1, "grpc" for HTTP/2 only; "unknown" also for TLS on one side only. */
export type Wire = "http" | "grpc" | "unknown" | "unreachable";

/**
 * Finds out which of Flower's wires a port speaks, without making a call that its server would count or log.
 *
 * Over TLS the protocol that is agreed on tells (ALPN): a gRPC server takes HTTP/2 only, Flower's HTTP server none, a
 * proxy takes either. In plain text a server of HTTP/2 speaks first, one of HTTP/1 waits to be asked, for its health.
 *
 * @returns never rejects
 */
export async function probeWire(address: Address, tls: ClientTls): Promise<Wire> {
  if (tls === "insecure") return await probePlain(address);
  const offered = await negotiate(address, ["h2", "http/1.1"]);
  if (offered !== "h2") return wireOf(offered);
  const again = await negotiate(address, ["http/1.1"]);
  return again === "http/1.1" ? "http" : "grpc";
}

/** A protocol that was agreed on, none although there was a handshake, or why there was none. */
type Agreement = "h2" | "http/1.1" | "none" | "unknown" | "unreachable";

function wireOf(agreement: Exclude<Agreement, "h2">): Wire {
  return agreement === "http/1.1" || agreement === "none" ? "http" : agreement;
}

function negotiate({ host, port }: Address, protocols: string[]): Promise<Agreement> {
  const { promise, resolve } = Promise.withResolvers<Agreement>();
  const socket = connectTls({
    host,
    port,
    servername: isIP(host) ? "" : host,
    ALPNProtocols: protocols,
    // Nothing is sent over this connection.
    rejectUnauthorized: false,
  });
  socket.setTimeout(PROBE_TIMEOUT_MS, () => resolve("unreachable"));
  socket.on("secureConnect", () => {
    const agreed = socket.alpnProtocol;
    resolve(agreed === "h2" || agreed === "http/1.1" ? agreed : "none");
  });
  socket.on("error", (error: NodeJS.ErrnoException) => resolve(failure(error)));
  socket.on("close", () => resolve("unknown"));
  return promise.finally(() => socket.destroy());
}

/** Asks for the health that every Flower HTTP server tells, and ends the connection. */
const HEALTH_REQUEST = "HEAD /health HTTP/1.1\r\nHost: flower\r\nConnection: close\r\n\r\n";

function probePlain({ host, port }: Address): Promise<Wire> {
  const { promise, resolve } = Promise.withResolvers<Wire>();
  let asking: ReturnType<typeof setTimeout> | undefined;
  const start = performance.now();
  const socket = connectTcp({ host, port }, () => {
    const patience = serverSpeaksFirstMs(performance.now() - start);
    asking = setTimeout(() => socket.write(HEALTH_REQUEST), patience);
  });
  let connected = false;
  socket.on("connect", () => connected = true);
  socket.setTimeout(PROBE_TIMEOUT_MS, () => resolve(connected ? "unknown" : "unreachable"));
  let heard = "";
  socket.on("data", (chunk) => {
    heard += chunk.toString("latin1");
    if (heard.length > FRAME_TYPE) resolve(spokenIn(heard));
  });
  socket.on("error", (error: NodeJS.ErrnoException) => resolve(failure(error)));
  socket.on("close", () => resolve("unknown"));
  return promise.finally(() => {
    clearTimeout(asking);
    socket.destroy();
  });
}

/** The place of the frame type in an HTTP/2 frame; a server's first is SETTINGS (RFC 9113 section 3.4). */
const FRAME_TYPE = 3;
const SETTINGS = "\x04";

function spokenIn(greeting: string): Wire {
  if (greeting.startsWith("HTTP")) return "http";
  return greeting[FRAME_TYPE] === SETTINGS ? "grpc" : "unknown";
}

function failure({ code }: NodeJS.ErrnoException): "unreachable" | "unknown" {
  return code !== undefined && UNREACHABLE.has(code) ? "unreachable" : "unknown";
}
