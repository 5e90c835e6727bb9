import { Buffer } from "node:buffer";
import { Metadata } from "@grpc/grpc-js";
import type { ByteBudget } from "./byte_budget.ts";
import type { OpenCall } from "./call.ts";
import { delivered } from "./delivery.ts";
import { entryOf } from "./entries.ts";
import { SMALL_BODY_BYTES } from "./limits.ts";
import type { Entry } from "./shared_path.ts";

/** The value of a header that holds text; undefined also for one that comes twice. */
export function textHeader(metadata: Metadata, name: string): string | undefined {
  const [value, ...more] = metadata.get(name);
  return more.length > 0 || Buffer.isBuffer(value) ? undefined : value;
}

/** The value of a header that holds bytes; undefined also for one that comes twice. @param name without "-bin" */
export function bytesHeader(metadata: Metadata, name: string): Uint8Array | undefined {
  const [value, ...more] = metadata.get(`${name}-bin`);
  return more.length === 0 && Buffer.isBuffer(value) ? value : undefined;
}

/** What unary and streaming calls of grpc-js have in common. */
export interface SurfaceCall {
  readonly metadata: Metadata;
  readonly cancelled: boolean;
  getPeer(): string;
  /** HTTP/2's ":authority". */
  getHost(): string;
  sendMetadata(metadata: Metadata): void;
  once(event: "cancelled", listener: () => void): unknown;
}

/** One call between grpc-js and a service. */
export class GrpcCall implements OpenCall {
  readonly transport = "grpc";
  readonly method: string;
  readonly #call: SurfaceCall;
  readonly #answers: ByteBudget;
  #headers: Metadata | undefined;
  #controller: AbortController | undefined;
  #answered = false;

  /** @param answers what bounds large answers */
  constructor(method: string, call: SurfaceCall, answers: ByteBudget) {
    this.method = method;
    this.#call = call;
    this.#answers = answers;
  }

  get peer(): string {
    return this.#call.getPeer();
  }

  header(name: string): string | undefined {
    if (name === "host") return this.#call.getHost();
    return textHeader(this.#call.metadata, name);
  }

  headerBytes(name: string): Uint8Array | undefined {
    return bytesHeader(this.#call.metadata, name);
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

  /** What let the call in; undefined where no service of its path asks. */
  get entry(): Entry | undefined {
    return entryOf(this.#call.metadata);
  }

  get delivered(): Promise<boolean> {
    return delivered(this.#call.metadata);
  }

  async reserve(bytes: number): Promise<void> {
    if (bytes <= SMALL_BODY_BYTES) return;
    const lease = await this.#answers.take(bytes, this.signal);
    this.delivered.then(() => lease.release());
  }

  /** To be called before the first message of an answer is sent. */
  sendHeaders(): void {
    if (this.#headers !== undefined) this.#call.sendMetadata(this.#headers);
  }

  /** To be called when the last word of an answer is about to be sent. */
  end(): void {
    this.#answered = true;
  }
}
