import type { DescMethod, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { FlwrError } from "../../base/error.ts";
import { systemClock } from "../../base/clock.ts";
import { systemRandom } from "../../base/random.ts";
import { ApiError } from "../api_error.ts";
import type { CallOptions, CallResponse, Channel } from "../channel.ts";
import { decode, encode } from "../codec.ts";
import { withRetries } from "../retry.ts";
import { type PlainError, type PortRequest, type PortResponse, transferOf } from "./protocol.ts";

/** Sends a request to the host, with `postMessage`. */
export type PostRequest = (request: PortRequest, transfer: Transferable[]) => void;

type Waiting = PromiseWithResolvers<Uint8Array>;

/**
 * Channel from a worker to a service of its host, over `postMessage`. The worker needs no network and no credentials,
 * and the client's other work (hashing, splitting messages into objects) stays off the host's thread. Messages cannot
 * get lost, so only calls that the service cannot answer now (its disk is full) are retried. Headers and time limits
 * of calls are ignored.
 */
export class PortChannel implements Channel {
  /** For error messages, because there is no address. */
  readonly address = "this process";
  readonly #post: PostRequest;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #closed = false;

  constructor(post: PostRequest) {
    this.#post = post;
  }

  async call<M extends DescMethod>(
    method: M,
    request: MessageInitShape<M["input"]>,
    { signal }: CallOptions = {},
  ): Promise<CallResponse<MessageShape<M["output"]>>> {
    return await withRetries(() => this.#callOnce(method, request, signal), {
      policy: {},
      clock: systemClock,
      random: systemRandom,
      signal,
    });
  }

  async #callOnce<M extends DescMethod>(
    method: M,
    request: MessageInitShape<M["input"]>,
    signal: AbortSignal | undefined,
  ): Promise<CallResponse<MessageShape<M["output"]>>> {
    if (this.#closed || signal?.aborted) throw cancelled();
    const bytes = encode(method.input, request);
    const id = ++this.#lastId;
    const waiting: Waiting = Promise.withResolvers();
    this.#waiting.set(id, waiting);
    const cancel = () => {
      this.#post({ kind: "cancel", id }, []);
      waiting.reject(cancelled());
    };
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      this.#post({ kind: "call", id, method: method.name, bytes }, transferOf(bytes));
      const response = decode<M["output"]>(method.output, await waiting.promise);
      return { response, header: () => undefined };
    } finally {
      signal?.removeEventListener("abort", cancel);
      this.#waiting.delete(id);
    }
  }

  /** Not supported. @throws FlwrError "unimplemented" */
  stream(method: DescMethod): never {
    throw new FlwrError("unimplemented", `${method.name} cannot be called from a worker`);
  }

  /** Handles the host's response to a call. */
  handleResponse(response: PortResponse): void {
    const waiting = this.#waiting.get(response.id);
    if (response.kind === "answer") waiting?.resolve(response.bytes);
    else waiting?.reject(errorFromPlain(response.error));
  }

  close(): void {
    this.#closed = true;
    for (const [id, waiting] of this.#waiting) {
      this.#post({ kind: "cancel", id }, []);
      waiting.reject(cancelled());
    }
  }
}

function errorFromPlain({ code, message, api }: PlainError): FlwrError {
  return api === undefined ? new FlwrError(code, message) : new ApiError(api, message);
}

function cancelled(): FlwrError {
  return new FlwrError("cancelled", "The call was cancelled");
}
