import type { DescMethod } from "@bufbuild/protobuf";
import type { RequestHeaders } from "./channel.ts";

/** One try of a call, on its way to the network. */
export interface TransportRequest {
  readonly method: DescMethod;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly headers: RequestHeaders;
  /** Seconds; without it the transport's own deadline, if it has one. */
  readonly timeoutSeconds?: number;
  /** Seconds of these until the answer begins, for a transport that cannot ask whether its connection lives. */
  readonly answerSeconds?: number;
  /** Aborted when the call is cancelled or the channel closed. */
  readonly signal: AbortSignal;
}

/** An answer's bytes and headers. */
export interface TransportAnswer {
  readonly response: Uint8Array;
  /** A response header. */
  header(name: string): string | undefined;
}

/** What a channel sends its calls over. Its errors are FlwrErrors, explained for people. */
export interface ClientTransport {
  /** "host:port" of the server. */
  readonly address: string;
  /** Makes one try of a call. What it throws after its signal was aborted does not matter. */
  unary(request: TransportRequest): Promise<TransportAnswer>;
  /** Makes one try of a call of a server-streaming method; ends it when it is no longer iterated. */
  stream(request: TransportRequest): AsyncIterable<Uint8Array>;
  /** Closes the connections. */
  close(): void;
}
