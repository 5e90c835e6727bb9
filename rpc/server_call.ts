import { Buffer } from "node:buffer";
import { Metadata, type sendUnaryData, type ServerUnaryCall } from "@grpc/grpc-js";
import type { RawRequest } from "./codec.ts";
import { delivered } from "./delivery.ts";
import type { WireStatus } from "./status.ts";

/** What is known of a call before its body is read. */
export interface CallHead {
  /** Full path of the method, "/flwr.proto.Fleet/Ping". */
  readonly method: string;
  /** "address:port" of the other end. */
  readonly peer: string;
  /** The first value of a request header as text, or undefined. */
  header(name: string): string | undefined;
}

/** A call before it is known who calls. */
export interface AnonymousCall extends CallHead {
  /** Adds a header (gRPC: initial metadata) to the answer; an error answer carries none. */
  setHeader(name: string, value: string): void;
  /** Aborted when the caller cancels, disconnects, or is out of time; never after the answer. */
  readonly signal: AbortSignal;
}

/** A call as its handler sees it. */
export interface Call<Caller> extends AnonymousCall {
  /** Who calls, as `authenticate` found. */
  readonly caller: Caller;
  /**
   * Whether the answer went out whole; settles after the call has ended, never rejects. False when the connection
   * broke or the caller gave up before the last byte was handed to the network. (That the peer's program has read
   * the answer is more than gRPC can tell.)
   */
  readonly delivered: Promise<boolean>;
}

/** The first value of a header. Binary ("-bin") headers are not used by the dialects served here. */
export function firstHeader(metadata: Metadata, name: string): string | undefined {
  const value = metadata.get(name)[0];
  return Buffer.isBuffer(value) ? undefined : value;
}

/** One call between grpc-js and a handler. */
export class ServerCall implements AnonymousCall {
  readonly method: string;
  readonly #call: ServerUnaryCall<RawRequest, Uint8Array>;
  readonly #send: sendUnaryData<Uint8Array>;
  #headers: Metadata | undefined;
  #controller: AbortController | undefined;
  #answered = false;

  constructor(
    method: string,
    call: ServerUnaryCall<RawRequest, Uint8Array>,
    send: sendUnaryData<Uint8Array>,
  ) {
    this.method = method;
    this.#call = call;
    this.#send = send;
  }

  get peer(): string {
    return this.#call.getPeer();
  }

  header(name: string): string | undefined {
    return firstHeader(this.#call.metadata, name);
  }

  setHeader(name: string, value: string): void {
    this.#headers ??= new Metadata();
    this.#headers.set(name, value);
  }

  /** Made when it is first asked for: most calls are answered at once. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = this.#controller = new AbortController();
      const abort = () => {
        // grpc-js reports the end of every call as cancelled, also of an answered one.
        if (!this.#answered) controller.abort();
      };
      if (this.#call.cancelled) abort();
      else this.#call.once("cancelled", abort);
    }
    return this.#controller.signal;
  }

  get delivered(): Promise<boolean> {
    return delivered(this.#call.metadata);
  }

  answer(response: Uint8Array): void {
    this.#answered = true;
    if (this.#headers !== undefined) this.#call.sendMetadata(this.#headers);
    this.#send(null, response);
  }

  refuse(status: WireStatus): void {
    this.#answered = true;
    this.#send(status);
  }
}
