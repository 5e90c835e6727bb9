import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { formatAddress } from "../address.ts";
import type { ByteBudget } from "../byte_budget.ts";
import type { OpenCall } from "../call.ts";
import { SMALL_BODY_BYTES } from "../limits.ts";
import { frame } from "./frames.ts";
import { joined } from "./joined.ts";
import { MAX_DROPPED_BYTES } from "./limits.ts";
import { PROTOBUF, PROTOBUF_STREAM } from "./media_type.ts";
import type { PlainAnswer } from "./refusal.ts";
import { sendPieces } from "./send_pieces.ts";

/** One call between node:http and a service. */
export class HttpCall implements OpenCall {
  readonly transport = "http";
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #answers: ByteBudget;
  #controller: AbortController | undefined;
  #answered = false;

  /** @param answers what bounds large answers */
  constructor(
    readonly method: string,
    request: IncomingMessage,
    response: ServerResponse,
    answers: ByteBudget,
  ) {
    this.#request = request;
    this.#response = response;
    this.#answers = answers;
  }

  get peer(): string {
    const { remoteAddress = "unknown", remotePort = 0 } = this.#request.socket;
    return formatAddress({ host: remoteAddress, port: remotePort });
  }

  header(name: string): string | undefined {
    const value = this.#request.headers[name.toLowerCase()];
    return typeof value === "object" ? value[0] : value;
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
    this.#response.setHeader(name, value);
  }

  /** Made when it is first asked for: most calls are answered at once. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = this.#controller = new AbortController();
      const abort = () => {
        if (!this.#answered) controller.abort();
      };
      if (this.#response.closed) abort();
      else this.#response.once("close", abort);
    }
    return this.#controller.signal;
  }

  get delivered(): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const response = this.#response;
    const { socket } = this.#request;
    // A broken connection counts as an end of the writing, but leaves its error.
    const judge = () =>
      resolve(response.statusCode === 200 && response.writableFinished && socket.errored == null);
    if (response.closed) judge();
    else response.once("close", judge);
    return promise;
  }

  async reserve(bytes: number): Promise<void> {
    if (bytes <= SMALL_BODY_BYTES) return;
    const lease = await this.#answers.take(bytes, this.signal);
    if (this.#response.closed) lease.release();
    else this.#response.once("close", () => lease.release());
  }

  /**
   * Sends the answer of a unary method. Waits until a large one has been taken but for its last piece.
   *
   * @param parts the message's bytes
   */
  async answer(parts: readonly Uint8Array[]): Promise<void> {
    this.#answered = true;
    const response = this.#response;
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    response.writeHead(200, { "content-type": PROTOBUF, "content-length": length });
    if (length <= SMALL_BODY_BYTES) return void response.end(joined(parts, length));
    await sendPieces(response, parts);
    response.end();
  }

  /** Ends an answer that was written by hand. */
  end(): void {
    this.#answered = true;
    this.#response.end();
  }

  /**
   * Sends the answer of a streaming method, as the caller takes it. Waits for the first message before it sends the
   * head, so that a call which is refused gets the status of its error; but not for long.
   *
   * @param headMs milliseconds of that wait
   */
  async answerStream(messages: AsyncIterable<Uint8Array>, headMs: number): Promise<void> {
    const { signal } = this;
    const response = this.#response;
    const sendHead = () => {
      if (response.headersSent) return;
      response.writeHead(200, { "content-type": PROTOBUF_STREAM });
      response.flushHeaders();
    };
    const patience = setTimeout(sendHead, headMs);
    try {
      for await (const message of messages) {
        if (signal.aborted) return;
        sendHead();
        if (!response.write(frame(message))) {
          // A caller that is gone takes nothing more.
          await once(response, "drain", { signal }).catch(() => {});
        }
      }
    } finally {
      clearTimeout(patience);
    }
    sendHead();
    this.#answered = true;
    response.end();
  }

  /** Tells of an error; within a streaming answer nothing is left but to cut it short after what was said. */
  refuse(refusal: PlainAnswer): void {
    this.#answered = true;
    if (this.#response.headersSent) this.#request.socket.destroySoon();
    else sendPlain(this.#request, this.#response, refusal);
  }
}

/** Answers a request with something that is no message, whether its body was read or not. */
export function sendPlain(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: PlainAnswer,
): void {
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  if (!request.complete) {
    const length = Number(request.headers["content-length"] ?? NaN);
    // A short rest is dropped, a long one is not even asked for: whoever sends it sees the connection end.
    if (length <= MAX_DROPPED_BYTES) request.resume();
    else response.setHeader("connection", "close");
  }
  response.writeHead(status, {
    ...headers,
    "content-length": new TextEncoder().encode(body).length,
  });
  response.end(request.method === "HEAD" ? undefined : body);
}
