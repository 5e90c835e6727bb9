import { bodySeconds } from "../body_pace.ts";
import { type Clock, systemClock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import { load } from "../../base/load.ts";
import { type Address, formatAddress, isLoopback, parseAddress } from "../address.ts";
import type { ChannelOptions, RequestHeaders } from "../channel.ts";
import { checkRoots, type ClientTls } from "../client_tls.ts";
import type { ClientTransport, TransportAnswer, TransportRequest } from "../client_transport.ts";
import { type CallTarget, connectionProblem } from "../connection_problem.ts";
import { CONNECT_TIMEOUT_SECONDS, MAX_MESSAGE_BYTES, PROBE_TIMEOUT_MS } from "../limits.ts";
import type { Probe } from "../probe.ts";
import { answerError } from "./answer_error.ts";
import { Deadline } from "./deadline.ts";
import { messagesIn } from "./frames.ts";
import { isMediaType, PROTOBUF, PROTOBUF_STREAM } from "./media_type.ts";
import { httpPath } from "./path.ts";
import { readLimited } from "./read_limited.ts";

/** Seconds that a server may take to respond, in addition to the time for the bytes: a long poll takes 20. */
const ANSWER_SECONDS = 60;

/**
 * Milliseconds that a client keeps an unused connection. Flower's own server closes it after 5 s, and a request sent
 * at that moment would be lost.
 */
const POOL_IDLE_MS = 4_000;

/** HTTP/1.1 transport of clients, built on fetch. */
export class HttpTransport implements ClientTransport {
  readonly address: string;
  readonly #target: CallTarget;
  readonly #origin: string;
  readonly #client: Deno.HttpClient;
  readonly #clock: Clock;
  readonly #connectTimeoutSeconds: number;
  /** Whether the server has responded to any call. */
  #reached = false;

  constructor(options: ChannelOptions) {
    const address = parseAddress(options.address);
    const { tls } = options;
    this.address = formatAddress(address);
    this.#target = { address, tls };
    this.#origin = `${tls === "insecure" ? "http" : "https"}://${this.address}`;
    this.#client = openClient(address, tls);
    this.#clock = options.clock ?? systemClock;
    this.#connectTimeoutSeconds = options.connectTimeoutSeconds ?? CONNECT_TIMEOUT_SECONDS;
  }

  async unary(request: TransportRequest): Promise<TransportAnswer> {
    const { bytes, timeoutSeconds, answerSeconds = Infinity } = request;
    const seconds = timeoutSeconds ?? ANSWER_SECONDS + bodySeconds(bytes.length);
    using deadline = new Deadline(Math.min(seconds, answerSeconds));
    const answer = await this.#fetch(request, PROTOBUF, deadline);
    try {
      const length = Number(answer.headers.get("content-length") ?? 0);
      deadline.set(timeoutSeconds ?? deadline.elapsed + bodySeconds(length));
      const response = await readLimited(answer, MAX_MESSAGE_BYTES);
      return { response, header: (name) => answer.headers.get(name) ?? undefined };
    } catch (error) {
      throw await this.#explain(error, request, deadline, true);
    }
  }

  async *stream(request: TransportRequest): AsyncGenerator<Uint8Array, void, void> {
    using deadline = new Deadline(request.timeoutSeconds);
    const answer = await this.#fetch(request, PROTOBUF_STREAM, deadline);
    try {
      if (answer.body !== null) yield* messagesIn(answer.body, MAX_MESSAGE_BYTES);
    } catch (error) {
      throw await this.#explain(error, request, deadline, true);
    }
  }

  close(): void {
    this.#client.close();
  }

  /** Sends a request. @throws FlwrError for any response but one of the expected type */
  async #fetch(
    request: TransportRequest,
    accept: string,
    deadline: Deadline,
  ): Promise<Response> {
    const { method, bytes, headers, signal } = request;
    const unreached = this.#giveUpConnecting(deadline);
    let answer: Response;
    try {
      answer = await fetch(this.#origin + httpPath(method), {
        method: "POST",
        headers: {
          ...encodeHeaders(headers),
          "content-type": PROTOBUF,
          accept,
          // Tensors do not compress, and a stream would wait for the compressor.
          "accept-encoding": "identity",
        },
        body: sentOnce(bytes),
        client: this.#client,
        redirect: "manual",
        signal: AbortSignal.any([signal, deadline.signal]),
      });
      this.#reached = true;
    } catch (error) {
      throw await this.#explain(error, request, deadline);
    } finally {
      clearTimeout(unreached);
    }
    if (answer.ok && isMediaType(answer.headers.get("content-type"), accept)) return answer;
    throw await answerError(this.address, method, answer);
  }

  /**
   * Starts a timer that expires the deadline if nothing listens at the address, because fetch waits for minutes for a
   * host that does not respond. Not needed once the server has responded to any call.
   */
  #giveUpConnecting(deadline: Deadline): ReturnType<typeof setTimeout> | undefined {
    if (this.#reached) return undefined;
    const milliseconds = this.#connectTimeoutSeconds * 1000;
    return setTimeout(async () => {
      const { address, tls } = this.#target;
      const { probe } = await loadProbe();
      const found = await probe(address, tls, Math.min(milliseconds, PROBE_TIMEOUT_MS));
      if (found.kind === "unreachable") deadline.expire("unreachable");
    }, milliseconds);
  }

  /** @param begun whether the answer had begun */
  async #explain(
    error: unknown,
    { signal }: TransportRequest,
    deadline: Deadline,
    begun = false,
  ): Promise<FlwrError> {
    if (error instanceof FlwrError) return error;
    // The caller cancelled, so nothing is wrong with the server.
    if (signal.aborted) return new FlwrError("cancelled", "The call was cancelled");
    if (deadline.expired === "late") {
      return new FlwrError(
        "deadline-exceeded",
        `"${this.address}" did not ${begun ? "send its whole answer" : "answer"} within ${
          Number(deadline.seconds.toFixed(1))
        } s`,
      );
    }
    const { address, tls } = this.#target;
    const details = describe(error);
    if (/are blocked$/.test(details)) {
      return new FlwrError("invalid-argument", `Port ${address.port} is blocked for HTTP`, {
        hints: ["Web clients refuse some port numbers: start the SuperLink on another port"],
        cause: error,
      });
    }
    const found: Probe = deadline.expired === "unreachable"
      ? { kind: "unreachable", code: "ETIMEDOUT" }
      : await (await loadProbe()).probe(address, tls);
    return connectionProblem(this.#target, "http", details, found, this.#clock.now());
  }
}

/**
 * A body that fetch sends at most once. Deno 2.9.3 sends a body of bytes again, without notice, if a used connection
 * breaks before the answer. Behind a load balancer, another SuperLink would then refuse the used signature. An empty Blob
 * would have no Content-Length.
 */
function sentOnce(bytes: Uint8Array): BodyInit {
  return bytes.length === 0 ? bytes as BodyInit : new Blob([bytes as BlobPart]);
}

/** Loaded only when a call fails. */
function loadProbe(): Promise<typeof import("../probe.ts")> {
  return load(new URL("../probe.ts", import.meta.url));
}

/**
 * Creates the HTTP client for a server. It trusts the given authorities, and uses the environment's proxy except for
 * this machine.
 */
export function openClient(address: Address, tls: ClientTls): Deno.HttpClient {
  const roots = tls === "insecure" ? undefined : tls.rootCertificates;
  const open = () =>
    Deno.createHttpClient({
      caCerts: roots === undefined ? [] : [checkRoots(roots)],
      poolIdleTimeout: POOL_IDLE_MS,
      http2: false,
    });
  return isLoopback(address.host) ? withoutProxy(address.host, open) : open();
}

/**
 * Runs `open` without a proxy, because a proxy cannot reach this machine's loopback. Deno reads the proxy from the
 * environment when a client is created.
 */
function withoutProxy<T>(host: string, open: () => T): T {
  if (Deno.permissions.querySync({ name: "env" }).state !== "granted") return open();
  const name = "NO_PROXY";
  const before = Deno.env.get(name);
  Deno.env.set(name, host);
  try {
    return open();
  } finally {
    if (before === undefined) Deno.env.delete(name);
    else Deno.env.set(name, before);
  }
}

function encodeHeaders(headers: RequestHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      typeof value === "string" ? value : value.toBase64(),
    ]),
  );
}

/** Text of fetch's error. The reason is in its cause. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
