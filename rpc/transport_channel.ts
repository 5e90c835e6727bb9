import type {
  DescMessage,
  DescMethod,
  DescMethodServerStreaming,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import { systemClock } from "../base/clock.ts";
import { FlwrError } from "../base/error.ts";
import { systemRandom } from "../base/random.ts";
import type { CallOptions, CallResponse, Channel, ChannelOptions } from "./channel.ts";
import type { ClientTransport, TransportRequest } from "./client_transport.ts";
import { decode, encode } from "./codec.ts";
import { withRetries } from "./retry.ts";

/** Channel over any transport: encoding, retries and cancellation. */
export class TransportChannel implements Channel {
  readonly #transport: ClientTransport;
  readonly #options: ChannelOptions;
  readonly #closing = new AbortController();

  constructor(transport: ClientTransport, options: ChannelOptions) {
    this.#transport = transport;
    this.#options = options;
  }

  get address(): string {
    return this.#transport.address;
  }

  async call<M extends DescMethod>(
    method: M,
    request: MessageInitShape<M["input"]>,
    options: CallOptions = {},
  ): Promise<CallResponse<MessageShape<M["output"]>>> {
    const bytes = encode(method.input, request);
    const { response, header } = await this.#try(
      method,
      bytes,
      options,
      (attempt) => this.#transport.unary(attempt),
    );
    return { response: this.#decode(method.output, response) as MessageShape<M["output"]>, header };
  }

  async *stream<M extends DescMethodServerStreaming>(
    method: M,
    request: MessageInitShape<M["input"]>,
    options: CallOptions = {},
  ): AsyncGenerator<MessageShape<M["output"]>, void, void> {
    const bytes = encode(method.input, request);
    const { messages, first } = await this.#try(method, bytes, options, async (attempt) => {
      const messages = this.#transport.stream(attempt)[Symbol.asyncIterator]();
      return { messages, first: await messages.next() };
    });
    const signal = this.#signal(options);
    try {
      for (let next = first; !next.done; next = await messages.next()) {
        yield this.#decode(method.output, next.value) as MessageShape<M["output"]>;
      }
    } catch (error) {
      throw signal.aborted ? this.#cancelled() : error;
    } finally {
      await messages.return?.();
    }
  }

  close(): void {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    this.#transport.close();
  }

  #try<T>(
    method: DescMethod,
    bytes: Uint8Array<ArrayBuffer>,
    options: CallOptions,
    attempt: (request: TransportRequest) => Promise<T>,
  ): Promise<T> {
    const signal = this.#signal(options);
    const { metadata, timeoutSeconds, answerSeconds } = options;
    const once = async () => {
      const headers = await metadata?.(bytes) ?? {};
      if (signal.aborted) throw this.#cancelled();
      try {
        return await attempt({ method, bytes, headers, timeoutSeconds, answerSeconds, signal });
      } catch (error) {
        throw signal.aborted ? this.#cancelled() : error;
      }
    };
    return withRetries(once, {
      policy: options.retry ?? this.#options.retry ?? {},
      clock: this.#options.clock ?? systemClock,
      random: this.#options.random ?? systemRandom,
      signal,
      onRetry: this.#options.onRetry,
    });
  }

  #signal({ signal }: CallOptions): AbortSignal {
    const closing = this.#closing.signal;
    return signal === undefined ? closing : AbortSignal.any([signal, closing]);
  }

  #decode(schema: DescMessage, bytes: Uint8Array) {
    try {
      return decode(schema, bytes);
    } catch (cause) {
      throw new FlwrError("data-loss", `"${this.address}" did not answer with a ${schema.name}`, {
        cause,
      });
    }
  }

  #cancelled(): FlwrError {
    const closed = this.#closing.signal.aborted;
    return new FlwrError(
      "cancelled",
      closed ? `The connection to "${this.address}" is closed` : "The call was cancelled",
    );
  }
}
