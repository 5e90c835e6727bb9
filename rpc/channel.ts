import type {
  DescMethod,
  DescMethodServerStreaming,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import type { ClientTls } from "./client_tls.ts";
import type { Retry, RetryPolicy } from "./retry.ts";

/** How to open a channel. */
export interface ChannelOptions {
  /** "host:port" of the server. */
  readonly address: string;
  readonly tls: ClientTls;
  /**
   * Default for calls without a policy of their own. Without it calls are retried until they succeed or fail
   * permanently.
   */
  readonly retry?: RetryPolicy;
  /** Called for each failed attempt that will be retried. */
  readonly onRetry?: (retry: Retry) => void;
  /** Seconds to wait for a connection; 20 by default. */
  readonly connectTimeoutSeconds?: number;
  readonly clock?: Clock;
  readonly random?: Random;
}

/**
 * Headers of a request by name. Bytes are sent over gRPC as the metadata of the name + "-bin", over HTTP in base64
 * under the unchanged name.
 */
export type RequestHeaders = Readonly<Record<string, string | Uint8Array>>;

/** How to make one call. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  /**
   * Seconds for each attempt. Without it, an attempt over gRPC lasts as long as the connection lives. HTTP cannot
   * check that, so its limit depends on the number of bytes sent and received (rpc/body_pace.ts). A stream has no
   * limit.
   */
  readonly timeoutSeconds?: number;
  /**
   * Part of these seconds that may pass before the response begins. After it, an HTTP connection counts as dead.
   * Default: all of them. gRPC ignores it, because it has pings.
   */
  readonly answerSeconds?: number;
  /** Returns the headers of an attempt, computed from the request's bytes as they will be sent. */
  readonly metadata?: (bytes: Uint8Array) => Promise<RequestHeaders>;
  readonly retry?: RetryPolicy;
}

/** A server's response. */
export interface CallResponse<T> {
  readonly response: T;
  /** A response header (gRPC: initial metadata). */
  header(name: string): string | undefined;
}

/** A connection to one server. It connects at the first call, and again after the connection broke. */
export interface Channel {
  /** "host:port" of the server. */
  readonly address: string;
  /**
   * Calls a method.
   *
   * @throws FlwrError with the code and message of the server's status, an ApiError if it has a number; "unavailable"
   *   when the server cannot be reached; "failed-precondition" when the connection can never work as configured;
   *   "deadline-exceeded"; "cancelled" when the signal was aborted or the channel closed
   */
  call<M extends DescMethod>(
    method: M,
    request: MessageInitShape<M["input"]>,
    options?: CallOptions,
  ): Promise<CallResponse<MessageShape<M["output"]>>>;
  /**
   * Calls a server-streaming method. Attempts are repeated until the first message has arrived. Ending the iteration
   * ends the call.
   *
   * @throws FlwrError as {@link call}, also between messages
   */
  stream<M extends DescMethodServerStreaming>(
    method: M,
    request: MessageInitShape<M["input"]>,
    options?: CallOptions,
  ): AsyncIterable<MessageShape<M["output"]>>;
  /** Cancels all calls and closes the connection. */
  close(): void;
}
