/** Transport of a call. */
export type Transport = "grpc" | "http";

/** A call before its body is read. */
export interface CallHead {
  readonly transport: Transport;
  /** Full path of the method in gRPC's form, "/flwr.proto.Fleet/Ping", over HTTP too. */
  readonly method: string;
  /** "address:port" of the caller: of the connection's other end, or as a trusted proxy names it. */
  readonly peer: string;
  /** "address:port" of the trusted proxy that passed the call on; undefined if the caller itself is connected. */
  readonly proxy?: string | undefined;
  /**
   * A request header as text. The values of a repeated header are joined by commas, or undefined is returned. Over
   * gRPC, "host" is HTTP/2's ":authority".
   */
  header(name: string): string | undefined;
  /**
   * A request header that holds bytes: over gRPC the metadata `name` + "-bin", over HTTP the header `name` in base64.
   *
   * @param name without "-bin"
   * @returns undefined if the header is missing, repeated or not base64
   */
  headerBytes(name: string): Uint8Array | undefined;
}

/** A call whose caller is not identified yet. */
export interface AnonymousCall extends CallHead {
  /** Adds a header (gRPC: initial metadata) to the response. Error responses carry none. */
  setHeader(name: string, value: string): void;
  /** Aborted when the caller cancels, disconnects or exceeds its deadline; never after the response. */
  readonly signal: AbortSignal;
}

/** A call as a transport hands it to a service. */
export interface OpenCall extends AnonymousCall {
  /**
   * Whether the whole response was sent; settles after the call has ended, never rejects. False when the connection
   * broke or the caller gave up before the last byte was handed to the network. (A transport cannot tell whether the
   * peer's program has read it.) Read this property before you return the response.
   */
  readonly delivered: Promise<boolean>;
  /**
   * Waits until there is memory for a large response. Call it before you load the response's content. The memory is
   * released when the response has been sent.
   *
   * @param bytes approximate size of the response; small ones never wait
   * @throws FlwrError "unavailable" when the wait takes too long, "cancelled" when the caller disconnects
   */
  reserve(bytes: number): Promise<void>;
  /** Called when the caller is identified, before the call is handled. */
  readonly onIdentified?: ((caller: unknown) => void) | undefined;
}

/** A call whose caller is identified, as its handler gets it. */
export interface AuthenticatedCall<Caller> extends OpenCall {
  /** What `authenticate` returned. */
  readonly caller: Caller;
}

/**
 * Checks a call's headers before a byte of its body is read. Throws a FlwrError to refuse the call.
 *
 * @returns what the headers prove about the caller, for the service's `authenticate`
 */
export type Admit<Found = unknown> = (call: CallHead) => Found | Promise<Found>;
