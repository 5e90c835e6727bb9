import type { DescMethod, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { unlessAborted } from "../../../../base/aborted.ts";
import { FlwrError } from "../../../../base/error.ts";
import { answerStream, answerUnary } from "../../../answer.ts";
import type { OpenCall } from "../../../call.ts";
import type { CallOptions, CallResponse, Channel } from "../../../channel.ts";
import { decode, encode } from "../../../codec.ts";
import { type BoundMethod, methodPath, type ServiceBinding } from "../../../service.ts";
import { admitCall } from "../../../shared_path.ts";

/** Channel to a service without a network: encoded bytes go directly to its handlers and back. */
export class DirectChannel implements Channel {
  readonly address = "127.0.0.1:0";
  readonly #methods: ReadonlyMap<string, BoundMethod>;
  readonly #peer: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #along: boolean;
  readonly #closing = new AbortController();
  /** Paths of all calls, in order. */
  readonly calls: string[] = [];
  /** Whether responses are delivered, as the server sees it. */
  delivers = true;
  /** Reserves memory for a large response. */
  reserve: OpenCall["reserve"] = () => Promise.resolve();
  /** Called before every call; throws to make it fail. */
  failing: (method: string) => void = () => {};

  /**
   * @param peer address that the calls seem to come from
   * @param headers headers of every call, in addition to its own
   * @param along whether inline objects are sent; Flower's programs send none
   */
  constructor(
    binding: ServiceBinding,
    { peer = "127.0.0.1:50000", headers = {}, along = true }: {
      peer?: string;
      headers?: Record<string, string>;
      along?: boolean;
    } = {},
  ) {
    this.#methods = new Map(binding.methods.map((method) => [methodPath(method.desc), method]));
    this.#peer = peer;
    this.#headers = headers;
    this.#along = along;
  }

  async call<M extends DescMethod>(
    method: M,
    request: MessageInitShape<M["input"]>,
    options: CallOptions = {},
  ): Promise<CallResponse<MessageShape<M["output"]>>> {
    const { bound, bytes, call, admission } = await this.#open(method, request, options);
    const answer = answerUnary(bound, bytes, call, admission);
    const answered = await unlessAborted(
      answer,
      call.signal,
      () => new FlwrError("cancelled", "The call was cancelled"),
    );
    const response = decode(method.output, answered);
    return { response: response as MessageShape<M["output"]>, header: () => undefined };
  }

  async *stream<M extends DescMethod>(
    method: M,
    request: MessageInitShape<M["input"]>,
    options: CallOptions = {},
  ): AsyncGenerator<MessageShape<M["output"]>, void, void> {
    const { bound, bytes, call, admission } = await this.#open(method, request, options);
    for await (const response of answerStream(bound, bytes, call, admission)) {
      this.failing(call.method);
      yield decode(method.output, response) as MessageShape<M["output"]>;
    }
  }

  close(): void {
    this.#closing.abort();
  }

  async #open<M extends DescMethod>(
    method: M,
    request: MessageInitShape<M["input"]>,
    { metadata, signal }: CallOptions,
  ) {
    const path = methodPath(method);
    this.calls.push(path);
    this.failing(path);
    const sent = this.#along ? request : { ...request, along: undefined };
    const bytes = encode(method.input, sent);
    const headers = new Map(Object.entries({ ...this.#headers, ...await metadata?.(bytes) }));
    const closing = this.#closing.signal;
    const call: OpenCall = {
      transport: "http",
      method: path,
      peer: this.#peer,
      header(name) {
        const value = headers.get(name);
        return typeof value === "string" ? value : undefined;
      },
      headerBytes(name) {
        const value = headers.get(name);
        return typeof value === "string" ? undefined : value;
      },
      setHeader: () => {},
      signal: signal === undefined ? closing : AbortSignal.any([signal, closing]),
      delivered: Promise.resolve(this.delivers),
      reserve: (bytes) => this.reserve(bytes),
    };
    const bound = this.#methods.get(path);
    if (bound === undefined) throw new FlwrError("unimplemented", `No service has ${path}`);
    return { bound, bytes, call, admission: await admitCall([bound], call) };
  }
}

/** Returns the names of the methods called since the last look. */
export function callsOf({ calls }: DirectChannel): string[] {
  return calls.splice(0).map((path) => path.split("/").at(-1)!);
}
