import { connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";
import { type Address, isIP } from "./address.ts";
import type { ClientTls } from "./client_tls.ts";
import { PROBE_TIMEOUT_MS } from "./limits.ts";
import { UNREACHABLE } from "./probe.ts";

/** Least and most milliseconds to wait for an HTTP/2 server's first frame before an HTTP/1 request is sent. */
const SERVER_SPEAKS_FIRST_MS = { least: 25, most: 300 } as const;

/**
 * Milliseconds to wait for an HTTP/2 server's first frame. The server sends it when it sees the connection, so twice
 * the connect time leaves a margin of a whole round trip. A slower server gets an HTTP/1 request, and its first frame
 * still identifies it.
 *
 * @param connectMs milliseconds that connecting took
 */
function serverSpeaksFirstMs(connectMs: number): number {
  const { least, most } = SERVER_SPEAKS_FIRST_MS;
  return Math.min(most, least + 2 * connectMs);
}

/** Protocol of a port: "http" for HTTP/1.1, "grpc" for HTTP/2 only; "unknown" also if only one side uses TLS. */
export type ProbedTransport = "http" | "grpc" | "unknown" | "unreachable";

/**
 * Detects which of Flower's transports a port serves, without a call that its server would count or log. Never
 * rejects.
 *
 * Over TLS, the negotiated protocol (ALPN) decides: a gRPC server accepts only HTTP/2, Flower's HTTP server
 * negotiates none, a proxy accepts both. In plain text, an HTTP/2 server sends the first bytes. An HTTP/1 server
 * waits for a request, so this asks for its health.
 */
export async function probeWire(address: Address, tls: ClientTls): Promise<ProbedTransport> {
  if (tls === "insecure") return await probePlain(address);
  const offered = await negotiate(address, ["h2", "http/1.1"]);
  if (offered !== "h2") return wireOf(offered);
  const again = await negotiate(address, ["http/1.1"]);
  return again === "http/1.1" ? "http" : "grpc";
}

/** Negotiated protocol, "none" after a handshake without one, or why there was no handshake. */
type Agreement = "h2" | "http/1.1" | "none" | "unknown" | "unreachable";

function wireOf(agreement: Exclude<Agreement, "h2">): ProbedTransport {
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

/** Health check that every Flower HTTP server answers, on a connection that ends with it. */
const HEALTH_REQUEST = "HEAD /health HTTP/1.1\r\nHost: flower\r\nConnection: close\r\n\r\n";

function probePlain({ host, port }: Address): Promise<ProbedTransport> {
  const { promise, resolve } = Promise.withResolvers<ProbedTransport>();
  let asking: ReturnType<typeof setTimeout> | undefined;
  const start = performance.now();
  const socket = connectTcp({ host, port }, () => {
    const patience = serverSpeaksFirstMs(performance.now() - start);
    asking = setTimeout(() => socket.write(HEALTH_REQUEST), patience);
  });
  let connected = false;
  socket.on("connect", () => connected = true);
  socket.setTimeout(PROBE_TIMEOUT_MS, () => resolve(connected ? "unknown" : "unreachable"));
  let received = "";
  socket.on("data", (chunk) => {
    received += chunk.toString("latin1");
    if (received.length > FRAME_TYPE) resolve(transportOf(received));
  });
  socket.on("error", (error: NodeJS.ErrnoException) => resolve(failure(error)));
  socket.on("close", () => resolve("unknown"));
  return promise.finally(() => {
    clearTimeout(asking);
    socket.destroy();
  });
}

/** Offset of the frame type in an HTTP/2 frame; a server's first frame is SETTINGS (RFC 9113 section 3.4). */
const FRAME_TYPE = 3;
const SETTINGS = "\x04";

function transportOf(greeting: string): ProbedTransport {
  if (greeting.startsWith("HTTP")) return "http";
  return greeting[FRAME_TYPE] === SETTINGS ? "grpc" : "unknown";
}

function failure({ code }: NodeJS.ErrnoException): "unreachable" | "unknown" {
  return code !== undefined && UNREACHABLE.has(code) ? "unreachable" : "unknown";
}
