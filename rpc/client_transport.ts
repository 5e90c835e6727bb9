import type { DescMethod } from "@bufbuild/protobuf";
import type { RequestHeaders } from "./channel.ts";

/** One attempt at a call, before it is sent. */
export interface TransportRequest {
  readonly method: DescMethod;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly headers: RequestHeaders;
  /** Seconds; by default the transport's own deadline, if it has one. */
  readonly timeoutSeconds?: number;
  /** Part of these seconds that may pass before the response begins, for a transport without pings. */
  readonly answerSeconds?: number;
  /** Aborted when the call is cancelled or the channel closed. */
  readonly signal: AbortSignal;
}

/** A response's bytes and headers. */
export interface TransportAnswer {
  readonly response: Uint8Array;
  /** A response header. */
  header(name: string): string | undefined;
}

/** Transport that a channel sends its calls over. Its errors are FlwrErrors with messages for users. */
export interface ClientTransport {
  /** "host:port" of the server. */
  readonly address: string;
  /** Makes one attempt at a call. Errors after its signal was aborted are ignored. */
  unary(request: TransportRequest): Promise<TransportAnswer>;
  /** Makes one attempt at a server-streaming call, and ends it when the iteration ends. */
  stream(request: TransportRequest): AsyncIterable<Uint8Array>;
  /** Closes the connections. */
  close(): void;
}
