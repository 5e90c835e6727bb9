import type { ByteBudget } from "../byte_budget.ts";
import type { OpenCall } from "../call.ts";
import { GrpcMessageReader, prefixed } from "./grpc_message.ts";
import type { Field } from "../http2/hpack/decoder.ts";
import { encodeFields } from "../http2/hpack/encode.ts";
import { ERROR } from "../http2/protocol.ts";
import type { Http2Stream } from "../http2/stream.ts";
import { BodyPace, type PaceLimits, TOO_SLOW } from "../body_pace.ts";
import { FlwrError } from "../../base/error.ts";
import { Status } from "./grpc_status.ts";
import { SMALL_BODY_BYTES } from "../limits.ts";
import type { MovingBody, PaceWatch } from "../pace_watch.ts";
import type { Entry } from "../shared_path.ts";
import type { WireStatus } from "./status.ts";

/** What an answer starts with, and how a good one ends. */
const HEAD: readonly Field[] = [[":status", "200"], ["content-type", "application/grpc"]];
const PLAIN_HEAD = encodeFields(HEAD);
const GOOD_END = encodeFields([["grpc-status", "0"]]);

/** Bytes of a status's words: more would not fit into one frame. */
const MAX_DETAILS_BYTES = 4096;

/** Milliseconds above which a deadline is none: timers hold 31 bits. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** What bounds a call. */
export interface GrpcCallLimits {
  /** What bounds large answers. */
  readonly answers: ByteBudget;
  /** How slowly a request may come. */
  readonly pace: PaceLimits;
  /** What watches over how fast answers are taken. */
  readonly taking: PaceWatch;
}

/**
 * One call between HTTP/2 and a service. Its caller has to take an answer as fast as a request has to come, and within the
 * time that the call may take: an answer that nobody takes holds memory that others wait for.
 */
export class GrpcCall implements OpenCall {
  readonly transport = "grpc";
  /** What let the call in; undefined where no service of its path asks, and before. */
  entry: Entry | undefined;
  onIdentified: ((caller: unknown) => void) | undefined;
  readonly #stream: Http2Stream;
  readonly #limits: GrpcCallLimits;
  readonly #deadline: ReturnType<typeof setTimeout> | undefined;
  #headers: Field[] | undefined;
  #controller: AbortController | undefined;
  #pace: BodyPace | undefined;
  #taking: MovingBody | undefined;
  #fail: ((error: FlwrError) => void) | undefined;
  #headSent = false;
  #answered = false;
  #good = false;

  constructor(readonly method: string, stream: Http2Stream, limits: GrpcCallLimits) {
    this.#stream = stream;
    this.#limits = limits;
    stream.onOver((whole) => this.#over(whole));
    stream.onTaken((bytes) => this.#taken(bytes));
    const timeout = timeoutMs(stream.headers.get("grpc-timeout"));
    if (timeout !== undefined) this.#deadline = setTimeout(() => this.#expire(), timeout);
  }

  get peer(): string {
    return this.#stream.peer;
  }

  /** Whether the caller has given up. */
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

  /** Made when it is first asked for: most calls are answered at once. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.gone && !this.#answered) this.#controller.abort();
    return this.#controller.signal;
  }

  get delivered(): Promise<boolean> {
    return this.#stream.outcome.then((whole) => whole && this.#good);
  }

  async reserve(bytes: number): Promise<void> {
    if (bytes <= SMALL_BODY_BYTES) return;
    const lease = await this.#limits.answers.take(bytes, this.signal);
    this.#stream.outcome.then(() => lease.release());
  }

  /**
   * Reads the request's message, which may be no larger than `maxBytes`.
   *
   * @throws FlwrError "resource-exhausted", "unavailable" when it comes too slowly, "cancelled" when the caller goes,
   *   "invalid-argument" where there is no message
   */
  async readMessage(maxBytes: number): Promise<Uint8Array> {
    const message = new GrpcMessageReader(maxBytes);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#fail = reject;
    if (this.gone) throw gone();
    if (!this.#stream.remoteEnded) {
      this.#pace = new BodyPace(
        this.#limits.pace,
        () => reject(new FlwrError("unavailable", TOO_SLOW)),
      );
    }
    this.#stream.read({
      take: (bytes) => {
        this.#pace?.take(bytes.length);
        try {
          message.take(bytes);
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

  /** Sends one message, in parts. @returns when most of it has been taken */
  async send(parts: readonly Uint8Array[]): Promise<void> {
    if (this.#answered) return;
    if (!this.#headSent) {
      const more = this.#headers;
      const head = more === undefined ? PLAIN_HEAD : encodeFields([...HEAD, ...more]);
      this.#stream.sendHeaders(head, false);
      this.#headSent = true;
    }
    this.#watchTaking();
    // All parts at once: the end of the answer may follow in the same turn.
    await Promise.all(prefixed(parts).map((part) => this.#stream.write(part)));
  }

  /** Ends a good answer. */
  end(): void {
    if (this.#answered) return;
    this.#answered = this.#good = true;
    // An answer without a message still has a head of its own.
    if (!this.#headSent) this.#stream.sendHeaders(PLAIN_HEAD, false);
    this.#watchTaking();
    this.#stream.sendHeaders(GOOD_END, true);
  }

  /** Ends the call with an error; an answer that has begun is cut short. */
  refuse({ code, details }: WireStatus): void {
    if (this.#answered) return;
    this.#answered = true;
    this.#watchTaking();
    const status: Field[] = [
      ["grpc-status", String(code)],
      ["grpc-message", percentEncoded(details)],
    ];
    this.#stream.sendHeaders(encodeFields(this.#headSent ? status : [...HEAD, ...status]), true);
  }

  #expire(): void {
    // A status would wait behind what the caller has not taken.
    if (this.#answered || this.#stream.waitingBytes > 0) return this.#stream.reset(ERROR.cancel);
    const controller = this.#controller;
    this.refuse({ code: Status.DEADLINE_EXCEEDED, details: "Deadline exceeded" });
    controller?.abort();
    this.#fail?.(new FlwrError("cancelled", "The caller's time is up"));
  }

  #over(whole: boolean): void {
    clearTimeout(this.#deadline);
    this.#endPace();
    this.#endTaking();
    if (whole) return;
    if (!this.#answered) this.#controller?.abort();
    this.#fail?.(gone());
  }

  #watchTaking(): void {
    if (this.gone || this.#taking !== undefined) return;
    const tooSlow = () => this.#stream.reset(ERROR.cancel);
    this.#taking = { since: performance.now(), moved: 0, tooSlow };
    this.#limits.taking.add(this.#taking);
  }

  #taken(bytes: number): void {
    if (this.#taking !== undefined) this.#taking.moved += bytes;
    // A stream of messages may be silent for as long as it likes.
    if (!this.#answered && this.#stream.waitingBytes === 0) this.#endTaking();
  }

  #endTaking(): void {
    if (this.#taking === undefined) return;
    this.#limits.taking.delete(this.#taking);
    this.#taking = undefined;
  }

  #endPace(): void {
    this.#pace?.[Symbol.dispose]();
    this.#pace = undefined;
  }
}

function gone(): FlwrError {
  return new FlwrError("cancelled", "The caller is gone");
}

const UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

/** Milliseconds of the header "grpc-timeout"; undefined for none, and for one beyond what a timer holds. */
function timeoutMs(text: string | undefined): number | undefined {
  const [, digits, unit] = /^(\d{1,8})([HMSmun])$/.exec(text ?? "") ?? [];
  const ms = Number(digits) * (UNIT_MS[unit ?? ""] ?? NaN);
  return ms <= LONGEST_TIMER_MS ? ms : undefined;
}

/** A status's words as its header holds them: UTF-8 with all but printable ASCII as "%XX". */
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
