import type { DescMethod, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { FlwrError } from "../../base/error.ts";
import { systemClock } from "../../base/clock.ts";
import { systemRandom } from "../../base/random.ts";
import { ApiError } from "../api_error.ts";
import type { Answer, CallOptions, Channel } from "../channel.ts";
import { decode, encode } from "../codec.ts";
import { withRetries } from "../retry.ts";
import { type PlainError, type PortAnswer, type PortRequest, transferOf } from "./protocol.ts";

/** Hands a request to the host, by `postMessage`. */
export type PostRequest = (request: PortRequest, transfer: Transferable[]) => void;

type Waiting = PromiseWithResolvers<Uint8Array>;

/**
 * A line from a worker to a service of its host. Calls go by `postMessage`: the worker needs no network and knows no
 * credentials, and what a client does beside calling (hashing, taking objects apart) stays off the host's thread.
 * No message gets lost, so only a call that the service cannot answer now (its disk is full) is tried again; headers
 * and time limits of calls are left out.
 */
export class PortChannel implements Channel {
  /** For messages: there is no address. */
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
  ): Promise<Answer<MessageShape<M["output"]>>> {
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
  ): Promise<Answer<MessageShape<M["output"]>>> {
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

  /** @throws FlwrError "unimplemented": streams are not carried */
  stream(method: DescMethod): never {
    throw new FlwrError("unimplemented", `${method.name} cannot be called from a worker`);
  }

  /** Takes the host's answer to a call. */
  hear(said: PortAnswer): void {
    const waiting = this.#waiting.get(said.id);
    if (said.kind === "answer") waiting?.resolve(said.bytes);
    else waiting?.reject(errorFromPlain(said.error));
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
