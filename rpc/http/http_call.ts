import { bodySeconds } from "../body_pace.ts";
import type { ByteBudget, ByteLease } from "../byte_budget.ts";
import type { OpenCall } from "../call.ts";
import { SMALL_BODY_BYTES } from "../limits.ts";
import { answerBody, type AnswerSource, piecesOf } from "./answer_body.ts";
import type { Connection } from "./connections.ts";
import { frame } from "./frames.ts";
import { joined } from "./joined.ts";
import { PROTOBUF, PROTOBUF_STREAM } from "./media_type.ts";
import { plainResponse } from "./plain_answer.ts";
import type { PlainAnswer } from "./refusal.ts";

/** One call between Deno's HTTP server and a service. */
export class HttpCall implements OpenCall {
  readonly transport = "http";
  readonly #request: Request;
  readonly #connection: Connection;
  readonly #answers: ByteBudget;
  readonly #leases: ByteLease[] = [];
  #headers: Record<string, string> = {};
  #controller: AbortController | undefined;
  #delivery: PromiseWithResolvers<boolean> | undefined;
  #forget = () => {};
  #over = false;

  /** @param answers what bounds large answers */
  constructor(
    readonly method: string,
    request: Request,
    connection: Connection,
    answers: ByteBudget,
  ) {
    this.#request = request;
    this.#connection = connection;
    this.#answers = answers;
  }

  get peer(): string {
    return this.#connection.peer;
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

  /** Made when it is first asked for: most calls are answered at once. */
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
    // Deno sends an answer to nobody and calls it complete: who has gone by then is known by the signal alone.
    void this.signal;
    this.#delivery ??= Promise.withResolvers();
    return this.#delivery.promise;
  }

  async reserve(bytes: number): Promise<void> {
    if (bytes <= SMALL_BODY_BYTES) return;
    const lease = await this.#answers.take(bytes, this.signal);
    if (this.#over) lease.release();
    else this.#leases.push(lease);
  }

  /**
   * Makes the answer of a unary method.
   *
   * @param parts the message's bytes
   */
  answer(parts: readonly Uint8Array[]): Response {
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    const headers = { ...this.#headers, "content-type": PROTOBUF };
    if (length <= SMALL_BODY_BYTES && this.#delivery === undefined) {
      this.#end(true);
      return new Response(joined(parts) as BodyInit, { headers });
    }
    const pieces = length <= SMALL_BODY_BYTES ? [joined(parts)].values() : piecesOf(parts);
    const source = { next: () => pieces.next().value, seconds: bodySeconds };
    return this.#stream({ ...headers, "content-length": String(length) }, source);
  }

  /**
   * Makes an answer of another kind, as the caller takes it.
   *
   * @param next the next piece, or undefined at the end
   * @param ended called at the end, with what went wrong
   */
  answerPieces(
    headers: Readonly<Record<string, string>>,
    next: AnswerSource["next"],
    ended: (error?: unknown) => void,
  ): Response {
    return this.#stream(headers, { next, seconds: bodySeconds, ended: (_, error) => ended(error) });
  }

  /** Makes an answer without a body. */
  answerHead(headers: Readonly<Record<string, string>>): Response {
    this.#end(true);
    return new Response(null, { headers });
  }

  /**
   * Makes the answer of a streaming method, as the caller takes it. Waits for the first message before it sends the
   * head, so that a call which is refused gets the status of its error; but not for long.
   *
   * @param headMs milliseconds of that wait
   * @param ended called at the end, with what went wrong after the head was sent
   * @throws what the method throws before it
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
      return done || signal.aborted ? undefined : frame(value);
    };
    return this.#stream({ ...this.#headers, "content-type": PROTOBUF_STREAM }, {
      next,
      ended: (whole, error) => {
        if (!whole) this.#controller?.abort();
        // A handler that waits hears of it by the signal.
        messages.return().catch(() => {});
        ended(error);
      },
    });
  }

  /** Makes the answer that tells of an error. @param unread whether the request was not read to its end */
  refuse(refusal: PlainAnswer, unread: boolean): Response {
    this.#end(false);
    return plainResponse(this.#request, this.#connection, refusal, unread);
  }

  #stream(
    headers: Readonly<Record<string, string>>,
    source: Omit<AnswerSource, "ended"> & Partial<Pick<AnswerSource, "ended">>,
  ): Response {
    const gone = this.#controller?.signal.aborted === true;
    const body = answerBody(this.#connection, {
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

/** Waits for a promise, but not for long. @throws what it rejects with in that time */
async function within(promise: Promise<unknown>, milliseconds: number): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  try {
    await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
