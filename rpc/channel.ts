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
  /** For calls that do not say otherwise; without it they are tried until they succeed or fail for good. */
  readonly retry?: RetryPolicy;
  /** Told of every failed try that is going to be repeated. */
  readonly onRetry?: (retry: Retry) => void;
  /** Seconds to wait for a connection; 20 by default. */
  readonly connectTimeoutSeconds?: number;
  readonly clock?: Clock;
  readonly random?: Random;
}

/**
 * Headers of a request by name. Bytes travel over gRPC as the metadata of the name + "-bin", over HTTP in base64
 * under the name as it is.
 */
export type RequestHeaders = Readonly<Record<string, string | Uint8Array>>;

/** How to make one call. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  /**
   * Seconds for each try. Without it over gRPC as long as the connection lives, over HTTP, which cannot ask whether
   * it does, a time by the size of what is sent and received (rpc/body_pace.ts); a stream may take for ever.
   */
  readonly timeoutSeconds?: number;
  /**
   * Seconds of these until the answer begins, beyond which a connection over HTTP counts as dead. Default: all. Over gRPC
   * a ping finds that out.
   */
  readonly answerSeconds?: number;
  /** Gives the headers of a try, from the request's bytes as they will be sent. */
  readonly metadata?: (bytes: Uint8Array) => Promise<RequestHeaders>;
  readonly retry?: RetryPolicy;
}

/** What a server answered. */
export interface Answer<T> {
  readonly response: T;
  /** A response header (gRPC: initial metadata). */
  header(name: string): string | undefined;
}

/** A line to one server. It connects when the first call is made, and again after the connection broke. */
export interface Channel {
  /** "host:port" of the server. */
  readonly address: string;
  /**
   * Calls a method.
   *
   * @throws FlwrError with the code and words of the server's status, an ApiError where it has a number; "unavailable"
   *   when the server cannot be reached; "failed-precondition" when the connection can never work as configured;
   *   "deadline-exceeded"; "cancelled" when the signal was aborted or the channel closed
   */
  call<M extends DescMethod>(
    method: M,
    request: MessageInitShape<M["input"]>,
    options?: CallOptions,
  ): Promise<Answer<MessageShape<M["output"]>>>;
  /**
   * Calls a method that answers with many messages. Tries are repeated until the first of them has come; the call is
   * ended when the iteration is.
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
