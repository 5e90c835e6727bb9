import type { Buffer } from "node:buffer";
import { Client, Metadata, status as Status } from "@grpc/grpc-js";
import {
  type DescMessage,
  type DescMethod,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import { type Clock, systemClock } from "../base/clock.ts";
import { FlwrError } from "../base/error.ts";
import { type Random, systemRandom } from "../base/random.ts";
import { formatAddress, isLoopback, parseAddress } from "./address.ts";
import { channelSecurity, type ClientTls } from "./client_tls.ts";
import { encode } from "./codec.ts";
import { diagnose, isConnectionFailure, needsProbe, type Target } from "./diagnose.ts";
import { firstHeader } from "./grpc_call.ts";
import { silenceGrpc } from "./grpc_log.ts";
import {
  CLIENT_KEEPALIVE_MS,
  CLIENT_WINDOW_BYTES,
  CONNECT_TIMEOUT_SECONDS,
  KEEPALIVE_TIMEOUT_MS,
  MAX_MESSAGE_BYTES,
} from "./limits.ts";
import { probe } from "./probe.ts";
import { type Retry, type RetryPolicy, withRetries } from "./retry.ts";
import { methodPath } from "./service.ts";
import type { WireStatus } from "./status.ts";
import { unaryCall, type UnarySuccess } from "./unary_call.ts";

/** How to open a channel. */
export interface ChannelOptions {
  /** "host:port" of the server. */
  readonly address: string;
  readonly tls: ClientTls;
  /** For calls that do not say otherwise; without it they are tried until they succeed or fail for good. */
  readonly retry?: RetryPolicy;
  /** Told of every failed try that is going to be repeated. */
  readonly onRetry?: (retry: Retry) => void;
  /** Seconds to wait for a connection; 20 by default. */
  readonly connectTimeoutSeconds?: number;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** How to make one call. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Seconds for each try; without it as long as the connection lives. */
  readonly timeoutSeconds?: number;
  /** Gives the headers of a try, from the request's bytes as they will be sent. */
  readonly metadata?: (bytes: Uint8Array) => Promise<Record<string, string>>;
  readonly retry?: RetryPolicy;
}

/** What a server answered. */
export interface Answer<T> {
  readonly response: T;
  /** The first value of a response header (gRPC: initial metadata). */
  header(name: string): string | undefined;
}

/** A line to one server. It connects when the first call is made, and again after the connection broke. */
export interface Channel {
  /** "host:port" of the server. */
  readonly address: string;
  /**
   * Calls a method.
   *
   * @throws FlwrError with the code and words of the server's status; "unavailable" when the server cannot be
   *   reached; "failed-precondition" when the connection can never work as configured; "deadline-exceeded";
   *   "cancelled" when the signal was aborted or the channel closed
   */
  call<M extends DescMethod>(
    method: M,
    request: MessageInitShape<M["input"]>,
    options?: CallOptions,
  ): Promise<Answer<MessageShape<M["output"]>>>;
  /** Cancels all calls and closes the connection. */
  close(): void;
}

/** Opens a channel. @throws FlwrError "invalid-argument" for a malformed address or root certificates */
export function openChannel(options: ChannelOptions): Channel {
  return new GrpcChannel(options);
}

class GrpcChannel implements Channel {
  readonly address: string;
  readonly #target: Target;
  readonly #options: ChannelOptions;
  readonly #clock: Clock;
  readonly #closing = new AbortController();
  #client: Client;

  constructor(options: ChannelOptions) {
    silenceGrpc();
    const address = parseAddress(options.address);
    this.address = formatAddress(address);
    this.#target = { address, tls: options.tls };
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#client = openClient(this.#target);
  }

  async call<M extends DescMethod>(
    method: M,
    request: MessageInitShape<M["input"]>,
    options: CallOptions = {},
  ): Promise<Answer<MessageShape<M["output"]>>> {
    const bytes = encode(method.input, request);
    const closing = this.#closing.signal;
    const signal = options.signal ? AbortSignal.any([options.signal, closing]) : closing;
    const { response, headers } = await withRetries(
      () => this.#try(methodPath(method), bytes, options, signal),
      {
        policy: options.retry ?? this.#options.retry ?? {},
        clock: this.#clock,
        random: this.#options.random ?? systemRandom,
        signal,
        onRetry: this.#options.onRetry,
      },
    );
    return {
      response: this.#decode(method.output, response) as MessageShape<M["output"]>,
      header: (name) => headers && firstHeader(headers, name),
    };
  }

  close(): void {
    this.#closing.abort();
    this.#client.close();
  }

  async #try(
    path: string,
    bytes: Buffer,
    { metadata: headers, timeoutSeconds }: CallOptions,
    signal: AbortSignal,
  ): Promise<UnarySuccess> {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(await headers?.(bytes) ?? {})) {
      metadata.set(name, value);
    }
    if (signal.aborted) throw this.#cancelled();
    const client = this.#client;
    const outcome = await unaryCall(client, {
      path,
      bytes,
      metadata,
      timeoutSeconds,
      connectTimeoutSeconds: this.#options.connectTimeoutSeconds ?? CONNECT_TIMEOUT_SECONDS,
      signal,
    });
    if ("response" in outcome) return outcome;
    if (signal.aborted) throw this.#cancelled();
    if (isConnectionFailure(outcome)) this.#replace(client);
    throw await this.#explain(outcome, timeoutSeconds);
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

  async #explain(failure: WireStatus, timeoutSeconds: number | undefined): Promise<FlwrError> {
    const name = `"${this.address}"`;
    if (failure.code === Status.CANCELLED) {
      return new FlwrError("unavailable", `${name} broke the call off`);
    }
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

  #decode(schema: DescMessage, bytes: Uint8Array) {
    try {
      return fromBinary(schema, bytes);
    } catch (cause) {
      throw new FlwrError("data-loss", `"${this.address}" did not answer with a ${schema.name}`, {
        cause,
      });
    }
  }

  #cancelled(): FlwrError {
    const closed = this.#closing.signal.aborted;
    return new FlwrError(
      "cancelled",
      closed ? `The connection to "${this.address}" is closed` : "The call was cancelled",
    );
  }
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
