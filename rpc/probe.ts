import { Buffer } from "node:buffer";
import { connect as connectTcp } from "node:net";
import { checkServerIdentity, connect as connectTls, type TLSSocket } from "node:tls";
import { type Address, isIP } from "./address.ts";
import { type CertificateRefusal, certificateRefusal } from "./certificate_refusal.ts";
import type { ClientTls } from "./client_tls.ts";
import { PROBE_TIMEOUT_MS } from "./limits.ts";

/** Result of a probe: what answers at an address. */
export type Probe =
  | { readonly kind: "unreachable"; readonly code: string }
  | {
    readonly kind: "tls";
    /** Whether the server agreed on HTTP/2. */
    readonly http2: boolean;
    /** Whether the certificate's chain is trusted. */
    readonly trusted: boolean;
    /** Why the platform's own TLS refuses the certificate, if it is not trusted. */
    readonly refusal?: CertificateRefusal;
    /** Validity of the certificate, from and to, as Unix time in seconds. */
    readonly validFrom: number;
    readonly validTo: number;
    /** Whether the certificate is for the host. */
    readonly named: boolean;
    /** The certificate's names, "DNS:localhost, IP Address:127.0.0.1". */
    readonly names: string;
  }
  | { readonly kind: "plain"; readonly protocol: "http1" | "http2" | "unknown" };

/** An HTTP/2 client's preface (RFC 9113 section 3.4) with an empty SETTINGS frame. */
const HTTP2_PREFACE = Buffer.concat([
  Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);

/** Offset of the frame type in an HTTP/2 frame, and the type of a server's first frame. */
const FRAME_TYPE = 3;
const SETTINGS = 4;

/**
 * Finds out what answers at an address. Sends nothing that a Flower server would count as a call. Never rejects.
 *
 * @param timeoutMs for each of at most three connections
 */
export async function probe(
  address: Address,
  tls: ClientTls,
  timeoutMs = PROBE_TIMEOUT_MS,
): Promise<Probe> {
  const found = await probeTls(address, tls, timeoutMs);
  if (found?.kind !== "tls") return found ?? await probePlain(address, timeoutMs);
  if (await isTrusted(address, tls, timeoutMs)) return { ...found, trusted: true };
  const refusal = await platformRefusal(address, tls, timeoutMs);
  return { ...found, trusted: false, ...(refusal === undefined ? {} : { refusal }) };
}

/** Why the platform's own TLS refuses the server's certificate: node:tls has one code for several reasons. */
async function platformRefusal(
  { host, port }: Address,
  tls: ClientTls,
  timeoutMs: number,
): Promise<CertificateRefusal | undefined> {
  const roots = tls === "insecure" ? undefined : tls.rootCertificates;
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    // Resolves before the handshake. Closing the connection ends the handshake.
    using connection = await Deno.connectTls({
      hostname: host,
      port,
      ...(roots === undefined ? {} : { caCerts: [roots] }),
    });
    timer = setTimeout(() => connection.close(), timeoutMs);
    await connection.handshake();
    return undefined;
  } catch (error) {
    return certificateRefusal(String(error));
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Whether the server's certificate comes from a trusted authority. This needs a connection with `rejectUnauthorized`:
 * one without may resume the TLS session of an earlier one, and then reports any certificate as authorized.
 */
function isTrusted({ host, port }: Address, tls: ClientTls, timeoutMs: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connectTls({
    host,
    port,
    ca: tls === "insecure" ? undefined : tls.rootCertificates,
    servername: isIP(host) ? "" : host,
    ALPNProtocols: ["h2", "http/1.1"],
    // The name is checked separately.
    checkServerIdentity: () => undefined,
  });
  // Without an answer the certificate counts as trusted.
  socket.setTimeout(timeoutMs, () => resolve(true));
  socket.on("secureConnect", () => resolve(true));
  socket.on("error", (error: Error & { code?: string }) => resolve(!isDistrust(error.code)));
  socket.on("close", () => resolve(true));
  return promise.finally(() => socket.destroy());
}

/** OpenSSL's codes for a chain that ends at no trusted authority (X509_V_ERR_…, as node names them). */
function isDistrust(code = ""): boolean {
  return /^(UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|CERT_UNTRUSTED|CERT_SIGNATURE_|INVALID_CA)/.test(
    code,
  );
}

/** Probes with TLS. @returns undefined if something answered, but not in TLS */
function probeTls(
  { host, port }: Address,
  tls: ClientTls,
  timeoutMs: number,
): Promise<Probe | undefined> {
  const { promise, resolve } = Promise.withResolvers<Probe | undefined>();
  const socket = connectTls({
    host,
    port,
    ca: tls === "insecure" ? undefined : tls.rootCertificates,
    servername: isIP(host) ? "" : host,
    ALPNProtocols: ["h2", "http/1.1"],
    // Nothing is sent over this connection: it only reads the certificate.
    rejectUnauthorized: false,
  });
  socket.setTimeout(timeoutMs, () => resolve({ kind: "unreachable", code: "ETIMEDOUT" }));
  socket.on("secureConnect", () => resolve(describe(socket, host)));
  socket.on("error", (error: Error & { code?: string }) => {
    const { code } = error;
    const unreachable = code !== undefined && UNREACHABLE.has(code);
    resolve(unreachable ? { kind: "unreachable", code } : undefined);
  });
  socket.on("close", () => resolve(undefined));
  return promise.finally(() => socket.destroy());
}

/** Errors that mean nothing answered. A reset (ECONNRESET) is an answer. */
export const UNREACHABLE: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
]);

function describe(socket: TLSSocket, host: string): Probe & { readonly kind: "tls" } {
  const certificate = socket.getPeerCertificate();
  return {
    kind: "tls",
    http2: socket.alpnProtocol === "h2",
    trusted: socket.authorized,
    validFrom: Date.parse(certificate.valid_from) / 1000,
    validTo: Date.parse(certificate.valid_to) / 1000,
    named: checkServerIdentity(host, certificate) === undefined,
    names: certificate.subjectaltname ?? "",
  };
}

function probePlain({ host, port }: Address, timeoutMs: number): Promise<Probe> {
  const { promise, resolve } = Promise.withResolvers<Probe>();
  const received: Buffer[] = [];
  const done = () => resolve({ kind: "plain", protocol: protocolOf(Buffer.concat(received)) });
  const socket = connectTcp({ host, port }, () => socket.write(HTTP2_PREFACE));
  socket.setTimeout(timeoutMs, done);
  socket.on("data", (chunk: Buffer) => {
    received.push(chunk);
    if (Buffer.concat(received).length > FRAME_TYPE) done();
  });
  socket.on("error", done);
  socket.on("close", done);
  return promise.finally(() => socket.destroy());
}

function protocolOf(greeting: Buffer): "http1" | "http2" | "unknown" {
  if (greeting.toString("latin1", 0, 4) === "HTTP") return "http1";
  return greeting[FRAME_TYPE] === SETTINGS ? "http2" : "unknown";
}
