import { Buffer } from "node:buffer";
import { Client, logVerbosity, Metadata, setLogVerbosity, status as Status } from "@grpc/grpc-js";
import { type Clock, systemClock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import { formatAddress, isLoopback, parseAddress } from "../address.ts";
import type { ChannelOptions, RequestHeaders } from "../channel.ts";
import { channelSecurity } from "../channel_security.ts";
import type { ClientTransport, TransportAnswer, TransportRequest } from "../client_transport.ts";
import type { CallTarget } from "../connection_problem.ts";
import { diagnose, isConnectionFailure, needsProbe } from "./diagnose.ts";
import {
  CLIENT_KEEPALIVE_MS,
  CLIENT_WINDOW_BYTES,
  CONNECT_TIMEOUT_SECONDS,
  KEEPALIVE_TIMEOUT_MS,
  MAX_MESSAGE_BYTES,
} from "../limits.ts";
import { probe } from "../probe.ts";
import { methodPath } from "../service.ts";
import type { WireStatus } from "./status.ts";
import { type GrpcRequest, streamCall, unaryCall } from "./grpc_client_call.ts";

/** gRPC transport of clients, built on grpc-js. */
export class GrpcTransport implements ClientTransport {
  readonly address: string;
  readonly #target: CallTarget;
  readonly #clock: Clock;
  readonly #connectTimeoutSeconds: number;
  #client: Client;

  /** @throws FlwrError "invalid-argument" for a malformed address or root certificates */
  constructor(options: ChannelOptions) {
    silenceGrpc();
    const address = parseAddress(options.address);
    this.address = formatAddress(address);
    this.#target = { address, tls: options.tls };
    this.#clock = options.clock ?? systemClock;
    this.#connectTimeoutSeconds = options.connectTimeoutSeconds ?? CONNECT_TIMEOUT_SECONDS;
    this.#client = openClient(this.#target);
  }

  async unary(request: TransportRequest): Promise<TransportAnswer> {
    const client = this.#client;
    const outcome = await unaryCall(client, this.#grpcRequest(request));
    if ("code" in outcome) throw await this.#explain(client, outcome, request);
    const { response, headers } = outcome;
    return { response, header: (name) => headers && textHeader(headers, name) };
  }

  async *stream(request: TransportRequest): AsyncGenerator<Uint8Array, void, void> {
    const client = this.#client;
    const failure = yield* streamCall(client, this.#grpcRequest(request));
    if (failure !== undefined) throw await this.#explain(client, failure, request);
  }

  close(): void {
    this.#client.close();
  }

  #grpcRequest({ method, bytes, headers, timeoutSeconds, signal }: TransportRequest): GrpcRequest {
    return {
      path: methodPath(method),
      bytes: asBuffer(bytes),
      metadata: metadataOf(headers),
      timeoutSeconds,
      connectTimeoutSeconds: this.#connectTimeoutSeconds,
      signal,
    };
  }

  async #explain(
    client: Client,
    failure: WireStatus,
    { signal, timeoutSeconds }: TransportRequest,
  ): Promise<FlwrError> {
    const name = `"${this.address}"`;
    if (failure.code === Status.CANCELLED || signal.aborted) {
      return new FlwrError("unavailable", `${name} cancelled the call`);
    }
    if (isConnectionFailure(failure)) this.#replace(client);
    if (failure.code === Status.DEADLINE_EXCEEDED && timeoutSeconds !== undefined) {
      return new FlwrError(
        "deadline-exceeded",
        `${name} did not answer within ${timeoutSeconds} s`,
      );
    }
    const { address, tls } = this.#target;
    const found = needsProbe(failure) ? await probe(address, tls) : undefined;
    return diagnose(this.#target, failure, found, this.#clock.now());
  }

  /**
   * Replaces a broken client. A grpc-js channel reconnects on its own schedule; a new one connects immediately, so
   * the retry policy alone decides when. Calls in progress on the old client continue.
   */
  #replace(broken: Client): void {
    if (this.#client !== broken) return;
    broken.close();
    this.#client = openClient(this.#target);
  }
}

function metadataOf(headers: RequestHeaders): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === "string") metadata.set(name, value);
    else metadata.set(`${name}-bin`, asBuffer(value));
  }
  return metadata;
}

/** The same bytes as a Buffer, which grpc-js needs, without a copy. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function openClient({ address, tls }: CallTarget): Client {
  const { credentials, options } = channelSecurity(address, tls);
  return new Client(formatAddress(address), credentials, {
    ...options,
    "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
    "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
    "grpc.keepalive_time_ms": CLIENT_KEEPALIVE_MS,
    "grpc.keepalive_timeout_ms": KEEPALIVE_TIMEOUT_MS,
    "grpc-node.flow_control_window": CLIENT_WINDOW_BYTES,
    // Retries are ours (retry.ts); with its own, grpc-js would keep a copy of every sent message.
    "grpc.enable_retries": 0,
    "grpc.service_config_disable_resolution": 1,
    // With the shared pool, a closed channel's connection would stay open and a new channel would reuse it.
    "grpc.use_local_subchannel_pool": 1,
    "grpc.enable_channelz": 0,
    // A proxy cannot reach this machine's loopback.
    ...(isLoopback(address.host) ? { "grpc.enable_http_proxy": 0 } : {}),
  });
}

/** The value of a text header; undefined also for a repeated one. */
function textHeader(metadata: Metadata, name: string): string | undefined {
  const [value, ...more] = metadata.get(name);
  return more.length > 0 || Buffer.isBuffer(value) ? undefined : value;
}

/**
 * Keeps grpc-js from writing to stderr, because we get its errors as errors too. GRPC_VERBOSITY, which enables its
 * log for debugging, still works.
 */
function silenceGrpc(): void {
  if (Deno.env.get("GRPC_VERBOSITY") === undefined) setLogVerbosity(logVerbosity.NONE);
}
