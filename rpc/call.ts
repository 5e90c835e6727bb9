/** Which wire a call came over. */
export type Transport = "grpc" | "http";

/** What is known of a call before its body is read. */
export interface CallHead {
  readonly transport: Transport;
  /** Full path of the method as gRPC has it, "/flwr.proto.Fleet/Ping", over HTTP too. */
  readonly method: string;
  /** "address:port" of the other end. */
  readonly peer: string;
  /**
   * A request header as text. Of one that comes twice the values are joined by commas, or there is none. Over gRPC
   * "host" is HTTP/2's ":authority".
   */
  header(name: string): string | undefined;
  /**
   * A request header that holds bytes: over gRPC the metadata `name` + "-bin", over HTTP the header `name` in base64.
   *
   * @param name without "-bin"
   * @returns undefined where there is no such header, it comes twice, or it is not base64
   */
  headerBytes(name: string): Uint8Array | undefined;
}

/** A call before it is known who calls. */
export interface AnonymousCall extends CallHead {
  /** Adds a header (gRPC: initial metadata) to the answer; an error answer carries none. */
  setHeader(name: string, value: string): void;
  /** Aborted when the caller cancels, disconnects, or is out of time; never after the answer. */
  readonly signal: AbortSignal;
}

/** A call as a transport hands it to a service. */
export interface OpenCall extends AnonymousCall {
  /**
   * Whether the answer went out whole; settles after the call has ended, never rejects. False when the connection
   * broke or the caller gave up before the last byte was handed to the network. (That the peer's program has read
   * the answer is more than a transport can tell.) To be asked for before the answer is given.
   */
  readonly delivered: Promise<boolean>;
  /**
   * Waits until there is room in memory for a large answer; to be called before it is read from where it lies. The room
   * is given back when the answer has gone.
   *
   * @param bytes about how large it will be; small answers never wait
   * @throws FlwrError "unavailable" when there is none in time, "cancelled" when the caller goes
   */
  reserve(bytes: number): Promise<void>;
  /** Called when it is known who calls, before the call is handled. */
  readonly onIdentified?: ((caller: unknown) => void) | undefined;
}

/** A call as its handler sees it. */
export interface Call<Caller> extends OpenCall {
  /** Who calls, as `authenticate` found. */
  readonly caller: Caller;
}

/**
 * Throws a FlwrError to refuse a call by its headers, before a byte of its body is read.
 *
 * @returns what it found out of the caller, for the service's `authenticate`
 */
export type Admit<Found = unknown> = (call: CallHead) => Found | Promise<Found>;
