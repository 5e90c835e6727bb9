import { Buffer } from "node:buffer";
import { Client, logVerbosity, Metadata, setLogVerbosity, status as Status } from "@grpc/grpc-js";
import { type Clock, systemClock } from "../../base/clock.ts";
import { FlwrError } from "../../base/error.ts";
import { formatAddress, isLoopback, parseAddress } from "../address.ts";
import type { ChannelOptions, RequestHeaders } from "../channel.ts";
import { channelSecurity } from "../channel_security.ts";
import type { ClientTransport, TransportAnswer, TransportRequest } from "../client_transport.ts";
import type { Target } from "../connection_problem.ts";
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

/** Calls over gRPC, by grpc-js. */
export class GrpcTransport implements ClientTransport {
  readonly address: string;
  readonly #target: Target;
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
      return new FlwrError("unavailable", `${name} broke the call off`);
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
   * A channel of grpc-js tries to reconnect at times of its own; a new one tries when it is told to, so that the
   * retry policy alone says when. Calls that are open on the old one run on.
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

/** The same bytes as grpc-js wants them, not copied. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function openClient({ address, tls }: Target): Client {
  const { credentials, options } = channelSecurity(address, tls);
  return new Client(formatAddress(address), credentials, {
    ...options,
    "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
    "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
    "grpc.keepalive_time_ms": CLIENT_KEEPALIVE_MS,
    "grpc.keepalive_timeout_ms": KEEPALIVE_TIMEOUT_MS,
    "grpc-node.flow_control_window": CLIENT_WINDOW_BYTES,
    // Retries are ours (retry.ts); grpc-js would keep every sent message for its own.
    "grpc.enable_retries": 0,
    "grpc.service_config_disable_resolution": 1,
    // With the common pool a closed channel's connection would live on, and a new channel would take it over.
    "grpc.use_local_subchannel_pool": 1,
    "grpc.enable_channelz": 0,
    // A proxy cannot reach this machine's loopback.
    ...(isLoopback(address.host) ? { "grpc.enable_http_proxy": 0 } : {}),
  });
}

/** The value of a header that holds text; undefined also for one that comes twice. */
function textHeader(metadata: Metadata, name: string): string | undefined {
  const [value, ...more] = metadata.get(name);
  return more.length > 0 || Buffer.isBuffer(value) ? undefined : value;
}

/**
 * Keeps grpc-js from writing to stderr: what it has to say comes to us as errors too. GRPC_VERBOSITY, which turns
 * its log on for debugging, is left in force.
 */
function silenceGrpc(): void {
  if (Deno.env.get("GRPC_VERBOSITY") === undefined) setLogVerbosity(logVerbosity.NONE);
}
