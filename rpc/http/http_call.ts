import { bodySeconds } from "../body_pace.ts";
import type { ByteBudget, ByteLease } from "../byte_budget.ts";
import type { OpenCall } from "../call.ts";
import type { Origin } from "../proxies/origin.ts";
import { SMALL_BODY_BYTES } from "../limits.ts";
import { piecesOf, responseBody, type ResponseSource } from "./response_body.ts";
import type { Connection } from "./connections.ts";
import { lengthPrefixed } from "./frames.ts";
import { joinParts } from "../../base/bytes.ts";
import { PROTOBUF, PROTOBUF_STREAM } from "./media_type.ts";
import { plainResponse } from "./plain_response.ts";
import type { PlainResponse } from "./refusal.ts";

/** A call on Deno's HTTP server, as a service sees it. */
export class HttpCall implements OpenCall {
  readonly transport = "http";
  readonly #request: Request;
  readonly #connection: Connection;
  readonly #responses: ByteBudget;
  readonly #leases: ByteLease[] = [];
  #headers: Record<string, string> = {};
  #controller: AbortController | undefined;
  #delivery: PromiseWithResolvers<boolean> | undefined;
  #forget = () => {};
  #over = false;

  /** @param responses budget for large responses */
  constructor(
    readonly method: string,
    request: Request,
    connection: Connection,
    readonly origin: Origin,
    responses: ByteBudget,
  ) {
    this.#request = request;
    this.#connection = connection;
    this.#responses = responses;
  }

  get peer(): string {
    return this.origin.peer;
  }

  get proxy(): string | undefined {
    return this.origin.proxy;
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
    this.#headers[name] = value;
  }

  /** Created on first use: most calls are answered at once. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = this.#controller = new AbortController();
      const abort = () => {
        if (!this.#over) controller.abort();
      };
      const { signal } = this.#request;
      if (signal.aborted) abort();
      else signal.addEventListener("abort", abort, { once: true });
      this.#forget = this.#connection.onClose(abort);
    }
    return this.#controller.signal;
  }

  get delivered(): Promise<boolean> {
    // Deno reports a response to a disconnected caller as complete, so only the signal shows whether the caller is
    // still there.
    void this.signal;
    this.#delivery ??= Promise.withResolvers();
    return this.#delivery.promise;
  }

  async reserve(bytes: number): Promise<void> {
    if (bytes <= SMALL_BODY_BYTES) return;
    const lease = await this.#responses.acquire(bytes, this.signal);
    if (this.#over) lease.release();
    else this.#leases.push(lease);
  }

  /**
   * Creates the response of a unary method.
   *
   * @param parts the message's bytes
   */
  answer(parts: readonly Uint8Array[]): Response {
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    const headers = { ...this.#headers, "content-type": PROTOBUF };
    if (length <= SMALL_BODY_BYTES && this.#delivery === undefined) {
      this.#end(true);
      return new Response(joinParts(parts) as BodyInit, { headers });
    }
    const pieces = length <= SMALL_BODY_BYTES ? [joinParts(parts)].values() : piecesOf(parts);
    const source = { next: () => pieces.next().value, seconds: bodySeconds };
    return this.#stream({ ...headers, "content-length": String(length) }, source);
  }

  /**
   * Creates a response from pieces, sent as the caller takes them.
   *
   * @param next returns the next piece, or undefined at the end
   * @param ended called at the end, with the error if one occurred
   */
  answerPieces(
    headers: Readonly<Record<string, string>>,
    next: ResponseSource["next"],
    ended: (error?: unknown) => void,
  ): Response {
    return this.#stream(headers, { next, seconds: bodySeconds, ended: (_, error) => ended(error) });
  }

  /** Creates a response without a body. */
  answerHead(headers: Readonly<Record<string, string>>): Response {
    this.#end(true);
    return new Response(null, { headers });
  }

  /**
   * Creates the response of a streaming method, sent as the caller takes it. Waits a short time for the first message
   * before it sends the headers, because a refused call then gets its error's status.
   *
   * @param headMs milliseconds to wait for the first message
   * @param ended called at the end, with the error if one occurred after the headers were sent
   * @throws errors of the method before the headers were sent
   */
  async answerStream(
    messages: AsyncGenerator<Uint8Array, void, void>,
    headMs: number,
    ended: (error?: unknown) => void,
  ): Promise<Response> {
    const { signal } = this;
    let coming: Promise<IteratorResult<Uint8Array, void>> | undefined = messages.next();
    await within(coming, headMs);
    const next = async () => {
      const { done, value } = await (coming ?? messages.next());
      coming = undefined;
      return done || signal.aborted ? undefined : lengthPrefixed(value);
    };
    return this.#stream({ ...this.#headers, "content-type": PROTOBUF_STREAM }, {
      next,
      ended: (whole, error) => {
        if (!whole) this.#controller?.abort();
        // A waiting handler sees the aborted signal.
        messages.return().catch(() => {});
        ended(error);
      },
    });
  }

  /** Creates the response for an error. @param unread whether the request was not read to its end */
  refuse(refusal: PlainResponse, unread: boolean): Response {
    this.#end(false);
    return plainResponse(this.#request, this.#connection, refusal, unread);
  }

  #stream(
    headers: Readonly<Record<string, string>>,
    source: Omit<ResponseSource, "ended"> & Partial<Pick<ResponseSource, "ended">>,
  ): Response {
    const gone = this.#controller?.signal.aborted === true;
    const body = responseBody(this.#connection, {
      ...source,
      ended: (whole, error) => {
        this.#end(whole && this.#controller?.signal.aborted !== true && !gone);
        source.ended?.(whole, error);
      },
    });
    return new Response(body, { headers });
  }

  #end(delivered: boolean): void {
    this.#over = true;
    this.#forget();
    for (const lease of this.#leases) lease.release();
    this.#delivery?.resolve(delivered);
  }
}

/** Waits for a promise, up to a limit. @throws its error within that time */
async function within(promise: Promise<unknown>, milliseconds: number): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  try {
    await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
