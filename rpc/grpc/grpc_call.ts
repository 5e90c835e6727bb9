import type { ByteBudget } from "../byte_budget.ts";
import type { OpenCall } from "../call.ts";
import { GrpcMessageReader, prefixed } from "./grpc_message.ts";
import type { HeaderField } from "../http2/hpack/decoder.ts";
import { encodeFields } from "../http2/hpack/encode.ts";
import { ERROR } from "../http2/protocol.ts";
import type { Http2Stream } from "../http2/stream.ts";
import { BodyPace, type PaceLimits, TOO_SLOW } from "../body_pace.ts";
import { FlwrError } from "../../base/error.ts";
import { Status } from "./grpc_status.ts";
import { SMALL_BODY_BYTES } from "../limits.ts";
import type { MovingBody, PaceWatch } from "../pace_watch.ts";
import type { Origin } from "../proxies/origin.ts";
import type { HeaderAdmission } from "../shared_path.ts";
import type { WireStatus } from "./status.ts";

/** Header fields at the start and at the end of a successful response. */
const HEAD: readonly HeaderField[] = [[":status", "200"], ["content-type", "application/grpc"]];
const PLAIN_HEAD = encodeFields(HEAD);
const GOOD_END = encodeFields([["grpc-status", "0"]]);

/** Bytes of a status's text: more would not fit into one frame. */
const MAX_DETAILS_BYTES = 4096;

/** Longest deadline in milliseconds, because timers hold 31 bits. A longer one counts as none. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Limits of a call. */
export interface GrpcCallLimits {
  /** Budget for large responses. */
  readonly responses: ByteBudget;
  /** Slowest request that is allowed. */
  readonly pace: PaceLimits;
  /** Checks that clients read their responses fast enough. */
  readonly responsePace: PaceWatch;
}

/**
 * A gRPC call on an HTTP/2 stream, as a service sees it. Its caller must read the response as fast as a request must
 * arrive, and within the call's deadline, because an unread response holds memory that others wait for.
 */
export class GrpcCall implements OpenCall {
  readonly transport = "grpc";
  /** How the call was admitted by its headers; undefined before that, and if no service of its path checks headers. */
  admission: HeaderAdmission | undefined;
  onIdentified: ((caller: unknown) => void) | undefined;
  readonly #stream: Http2Stream;
  readonly #limits: GrpcCallLimits;
  readonly #deadline: ReturnType<typeof setTimeout> | undefined;
  #headers: HeaderField[] | undefined;
  #controller: AbortController | undefined;
  #pace: BodyPace | undefined;
  #responseBody: MovingBody | undefined;
  #fail: ((error: FlwrError) => void) | undefined;
  #headSent = false;
  #answered = false;
  #succeeded = false;

  constructor(
    readonly method: string,
    stream: Http2Stream,
    readonly origin: Origin,
    limits: GrpcCallLimits,
  ) {
    this.#stream = stream;
    this.#limits = limits;
    stream.onClose((whole) => this.#streamEnded(whole));
    stream.onContentSent((bytes) => this.#contentSent(bytes));
    const timeout = timeoutMs(stream.headers.get("grpc-timeout"));
    if (timeout !== undefined) this.#deadline = setTimeout(() => this.#expire(), timeout);
  }

  get peer(): string {
    return this.origin.peer;
  }

  get proxy(): string | undefined {
    return this.origin.proxy;
  }

  /** Whether the caller cancelled or disconnected. */
  get gone(): boolean {
    return this.#stream.gone;
  }

  header(mixed: string): string | undefined {
    const { headers } = this.#stream;
    const name = mixed.toLowerCase();
    return name === "host" ? headers.get(":authority") ?? headers.get(name) : headers.get(name);
  }

  headerBytes(name: string): Uint8Array | undefined {
    const text = this.#stream.headers.get(`${name.toLowerCase()}-bin`);
    if (text === undefined) return undefined;
    try {
      return Uint8Array.fromBase64(text);
    } catch {
      return undefined;
    }
  }

  setHeader(name: string, value: string): void {
    (this.#headers ??= []).push([name.toLowerCase(), value]);
  }

  /** Created on first use: most calls are answered at once. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.gone && !this.#answered) this.#controller.abort();
    return this.#controller.signal;
  }

  get delivered(): Promise<boolean> {
    return this.#stream.outcome.then((whole) => whole && this.#succeeded);
  }

  async reserve(bytes: number): Promise<void> {
    if (bytes <= SMALL_BODY_BYTES) return;
    const lease = await this.#limits.responses.acquire(bytes, this.signal);
    this.#stream.outcome.then(() => lease.release());
  }

  /**
   * Reads the request's message of at most `maxBytes`.
   *
   * @throws FlwrError "resource-exhausted"; "unavailable" when it arrives too slowly; "cancelled" when the caller
   *   disconnects; "invalid-argument" if there is no message
   */
  async readMessage(maxBytes: number): Promise<Uint8Array> {
    const message = new GrpcMessageReader(maxBytes);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#fail = reject;
    if (this.gone) throw callerLeft();
    if (!this.#stream.remoteEnded) {
      this.#pace = new BodyPace(
        this.#limits.pace,
        () => reject(new FlwrError("unavailable", TOO_SLOW)),
      );
    }
    this.#stream.read({
      receive: (bytes) => {
        this.#pace?.addBytes(bytes.length);
        try {
          message.append(bytes);
        } catch (error) {
          reject(error);
        }
      },
      end: resolve,
    });
    try {
      await promise;
    } finally {
      this.#fail = undefined;
      this.#endPace();
    }
    return await message.end(this.#stream.headers.get("grpc-encoding"));
  }

  /** Sends one message, in parts. @returns when the client has taken most of it */
  async send(parts: readonly Uint8Array[]): Promise<void> {
    if (this.#answered) return;
    if (!this.#headSent) {
      const more = this.#headers;
      const head = more === undefined ? PLAIN_HEAD : encodeFields([...HEAD, ...more]);
      this.#stream.sendHeaders(head, false);
      this.#headSent = true;
    }
    this.#watchResponse();
    // All parts at once, because the end of the response may follow in the same turn.
    await Promise.all(prefixed(parts).map((part) => this.#stream.write(part)));
  }

  /** Ends a successful response. */
  end(): void {
    if (this.#answered) return;
    this.#answered = this.#succeeded = true;
    // A response without a message still needs its headers.
    if (!this.#headSent) this.#stream.sendHeaders(PLAIN_HEAD, false);
    this.#watchResponse();
    this.#stream.sendHeaders(GOOD_END, true);
  }

  /** Ends the call with an error, even if the response has begun. */
  refuse({ code, details }: WireStatus): void {
    if (this.#answered) return;
    this.#answered = true;
    this.#watchResponse();
    const status: HeaderField[] = [
      ["grpc-status", String(code)],
      ["grpc-message", percentEncoded(details)],
    ];
    this.#stream.sendHeaders(encodeFields(this.#headSent ? status : [...HEAD, ...status]), true);
  }

  #expire(): void {
    // A status would wait behind data that the caller has not read.
    if (this.#answered || this.#stream.waitingBytes > 0) return this.#stream.reset(ERROR.cancel);
    const controller = this.#controller;
    this.refuse({ code: Status.DEADLINE_EXCEEDED, details: "Deadline exceeded" });
    controller?.abort();
    this.#fail?.(new FlwrError("cancelled", "The caller's deadline passed"));
  }

  #streamEnded(whole: boolean): void {
    clearTimeout(this.#deadline);
    this.#endPace();
    this.#endResponseWatch();
    if (whole) return;
    if (!this.#answered) this.#controller?.abort();
    this.#fail?.(callerLeft());
  }

  #watchResponse(): void {
    if (this.gone || this.#responseBody !== undefined) return;
    const tooSlow = () => this.#stream.reset(ERROR.cancel);
    this.#responseBody = { since: performance.now(), moved: 0, tooSlow };
    this.#limits.responsePace.add(this.#responseBody);
  }

  #contentSent(bytes: number): void {
    if (this.#responseBody !== undefined) this.#responseBody.moved += bytes;
    // A stream of messages may pause for any time.
    if (!this.#answered && this.#stream.waitingBytes === 0) this.#endResponseWatch();
  }

  #endResponseWatch(): void {
    if (this.#responseBody === undefined) return;
    this.#limits.responsePace.delete(this.#responseBody);
    this.#responseBody = undefined;
  }

  #endPace(): void {
    this.#pace?.[Symbol.dispose]();
    this.#pace = undefined;
  }
}

function callerLeft(): FlwrError {
  return new FlwrError("cancelled", "The caller disconnected");
}

const UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

/** Milliseconds of the header "grpc-timeout"; undefined without one, and for one that a timer cannot hold. */
function timeoutMs(text: string | undefined): number | undefined {
  const [, digits, unit] = /^(\d{1,8})([HMSmun])$/.exec(text ?? "") ?? [];
  const ms = Number(digits) * (UNIT_MS[unit ?? ""] ?? NaN);
  return ms <= LONGEST_TIMER_MS ? ms : undefined;
}

/** A status's text as its header encodes it: UTF-8 with all but printable ASCII as "%XX". */
function percentEncoded(details: string): string {
  let text = "";
  for (const byte of new TextEncoder().encode(details)) {
    const plain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    const next = plain
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    if (text.length + next.length > MAX_DETAILS_BYTES) break;
    text += next;
  }
  return text;
}
