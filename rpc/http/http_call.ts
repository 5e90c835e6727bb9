import { formatAddress } from "../address.ts";
import type { OpenCall } from "../call.ts";
import { SLICE_BYTES } from "./limits.ts";
import { PROTOBUF, PROTOBUF_STREAM } from "./media_type.ts";

/** One call between Deno.serve and a service. */
export class HttpCall implements OpenCall {
  readonly transport = "http";
  readonly #request: Request;
  readonly #info: Deno.ServeHandlerInfo<Deno.NetAddr>;
  readonly #headers = new Headers();
  #controller: AbortController | undefined;
  #delivery: PromiseWithResolvers<boolean> | undefined;
  #answered = false;

  constructor(
    readonly method: string,
    request: Request,
    info: Deno.ServeHandlerInfo<Deno.NetAddr>,
  ) {
    this.#request = request;
    this.#info = info;
  }

  get peer(): string {
    const { hostname, port } = this.#info.remoteAddr;
    return formatAddress({ host: hostname, port });
  }

  header(name: string): string | undefined {
    return this.#request.headers.get(name) ?? undefined;
  }

  headerBytes(name: string): Uint8Array | undefined {
    const text = this.header(name);
    if (text === undefined) return undefined;
    try {
      return Uint8Array.fromBase64(text);
    } catch {
      return undefined;
    }
  }

  setHeader(name: string, value: string): void {
    this.#headers.set(name, value);
  }

  /** Made when it is first asked for: most calls are answered at once. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = this.#controller = new AbortController();
      const { signal } = this.#request;
      const abort = () => {
        if (!this.#answered) controller.abort();
      };
      if (signal.aborted) abort();
      else signal.addEventListener("abort", abort, { once: true });
    }
    return this.#controller.signal;
  }

  get delivered(): Promise<boolean> {
    this.#delivery ??= Promise.withResolvers();
    return this.#delivery.promise;
  }

  /** The answer of a unary method. */
  answer(message: Uint8Array): Response {
    this.#answered = true;
    const watched = this.#delivery !== undefined && message.length > SLICE_BYTES;
    if (!watched) {
      this.#endWithRequest();
      return this.#respond(message, PROTOBUF);
    }
    this.setHeader("content-length", String(message.length));
    return this.#respond(slices(message, (whole) => this.end(whole)), PROTOBUF);
  }

  /** The answer of a streaming method; {@link end} or {@link abandon} is to be called at its end. */
  answerStream(body: ReadableStream<Uint8Array>): Response {
    return this.#respond(body, PROTOBUF_STREAM);
  }

  /** Tells that nothing more will be sent. @param whole whether all of an answer was handed to the network */
  end(whole: boolean): void {
    this.#answered = true;
    if (whole) this.#endWithRequest();
    else this.#delivery?.resolve(false);
  }

  /** Tells that the caller went within a streaming answer. */
  abandon(): void {
    this.#controller?.abort();
    this.#delivery?.resolve(false);
  }

  #endWithRequest(): void {
    if (this.#delivery === undefined) return;
    const { resolve } = this.#delivery;
    const { signal } = this.#request;
    this.#info.completed.then(() => resolve(!signal.aborted), () => resolve(false));
  }

  #respond(body: Uint8Array | ReadableStream<Uint8Array>, type: string): Response {
    this.setHeader("content-type", type);
    return new Response(body as BodyInit, { headers: this.#headers });
  }
}

/**
 * Hands an answer to the network piece by piece, the next when there is room: one large piece counts for Deno as sent
 * at once, whether anybody takes it or not.
 *
 * @param onEnd told whether all was taken
 */
function slices(message: Uint8Array, onEnd: (whole: boolean) => void): ReadableStream<Uint8Array> {
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      if (sent < message.length) {
        return controller.enqueue(message.subarray(sent, sent += SLICE_BYTES));
      }
      onEnd(true);
      controller.close();
    },
    cancel: () => onEnd(false),
  }, { highWaterMark: 0 });
}
