import type { DescMethod, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { FlwrError } from "../../base/error.ts";
import { decode, encode } from "../../rpc/codec.ts";
import { methodPath } from "../../rpc/service.ts";
import { literalHeader } from "./hpack.ts";
import { frame, FrameReader, FrameType, PREFACE } from "./http2_frame.ts";

/** Bytes before a message: not compressed, its length (gRPC over HTTP/2, "Length-Prefixed-Message"). */
const PREFIX_BYTES = 5;
const END_STREAM = 0x1;
const END_HEADERS = 0x4;
const ACK = 0x1;
/** What the server may send without being asked for more, in bytes: more than it ever does here. */
const WINDOW_BYTES = 2 ** 30;

/** Where a server is, and whom to trust. */
export interface GrpcLineOptions {
  /** "host:port". */
  readonly grpc: string;
  /** PEM of the server's authority. */
  readonly authority: string;
}

/**
 * One connection of gRPC over TLS, for a program that makes load with small calls, many at a time: it does as little as it
 * can, so that the server is what is measured.
 */
export class GrpcLine implements Disposable {
  readonly #connection: Deno.TlsConn;
  readonly #host: string;
  readonly #calls = new Map<number, PromiseWithResolvers<Uint8Array>>();
  readonly #answers = new Map<number, Uint8Array>();
  /** Bytes sent and received, without TLS. */
  bytes = 0;
  #nextStream = 1;
  #unsent: Uint8Array[] = [];
  #sending = false;

  private constructor(connection: Deno.TlsConn, host: string) {
    this.#connection = connection;
    this.#host = host;
  }

  static async open({ grpc, authority }: GrpcLineOptions): Promise<GrpcLine> {
    const [hostname, port] = grpc.split(":") as [string, string];
    const connection = await Deno.connectTls({
      hostname,
      port: Number(port),
      caCerts: [authority],
      alpnProtocols: ["h2"],
    });
    const line = new GrpcLine(connection, grpc);
    const window = new Uint8Array(4);
    new DataView(window.buffer).setUint32(0, WINDOW_BYTES);
    line.#send(
      PREFACE,
      frame(FrameType.settings, 0, 0, new Uint8Array()),
      frame(FrameType.windowUpdate, 0, 0, window),
    );
    void line.#listen();
    return line;
  }

  /**
   * Makes a call.
   *
   * @throws FlwrError "internal" when the answer carries no message: the server refused the call
   */
  async call<M extends DescMethod>(
    method: M,
    request: MessageInitShape<M["input"]>,
    metadata: Readonly<Record<string, string | Uint8Array>>,
  ): Promise<MessageShape<M["output"]>> {
    const stream = this.#nextStream;
    this.#nextStream += 2;
    const call = Promise.withResolvers<Uint8Array>();
    this.#calls.set(stream, call);
    this.#send(
      frame(FrameType.headers, END_HEADERS, stream, this.#head(methodPath(method), metadata)),
      frame(FrameType.data, END_STREAM, stream, prefixed(encode(method.input, request))),
    );
    return decode(method.output, await call.promise) as MessageShape<M["output"]>;
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }

  #head(path: string, metadata: Readonly<Record<string, string | Uint8Array>>): Uint8Array {
    const headers = {
      ":method": "POST",
      ":scheme": "https",
      ":path": path,
      ":authority": this.#host,
      "content-type": "application/grpc",
      te: "trailers",
      ...Object.fromEntries(
        Object.entries(metadata).map(([name, value]) =>
          typeof value === "string" ? [name, value] : [`${name}-bin`, value.toBase64()]
        ),
      ),
    };
    return joined(Object.entries(headers).map(([name, value]) => literalHeader(name, value)));
  }

  #send(...frames: Uint8Array[]): void {
    this.#unsent.push(...frames);
    if (!this.#sending) void this.#flush();
  }

  /** What is waiting goes out together. */
  async #flush(): Promise<void> {
    this.#sending = true;
    try {
      while (this.#unsent.length > 0) {
        const bytes = joined(this.#unsent);
        this.#unsent = [];
        for (let sent = 0; sent < bytes.length;) {
          sent += await this.#connection.write(bytes.subarray(sent));
        }
        this.bytes += bytes.length;
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#sending = false;
    }
  }

  async #listen(): Promise<void> {
    const reader = new FrameReader();
    const buffer = new Uint8Array(64 * 1024);
    try {
      for (;;) {
        const read = await this.#connection.read(buffer);
        if (read === null) throw new FlwrError("unavailable", "The server closed the connection");
        this.bytes += read;
        for (const { type, flags, stream, payload } of reader.take(buffer.subarray(0, read))) {
          this.#hear(type, flags, stream, payload);
        }
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  #hear(type: number, flags: number, stream: number, payload: Uint8Array): void {
    if (type === FrameType.settings || type === FrameType.ping) {
      if ((flags & ACK) !== 0) return;
      return this.#send(frame(type, ACK, 0, type === FrameType.ping ? payload : EMPTY));
    }
    if (type === FrameType.goAway) throw new FlwrError("unavailable", "The server says goodbye");
    const call = this.#calls.get(stream);
    if (call === undefined) return;
    if (type === FrameType.data) {
      this.#answers.set(stream, joined([this.#answers.get(stream) ?? EMPTY, payload]));
    }
    const ended = type === FrameType.resetStream ||
      (type === FrameType.headers && (flags & END_STREAM) !== 0);
    if (!ended) return;
    this.#calls.delete(stream);
    const answer = this.#answers.get(stream);
    this.#answers.delete(stream);
    if (answer !== undefined) call.resolve(answer.subarray(PREFIX_BYTES));
    else call.reject(new FlwrError("internal", "The server refused a call"));
  }

  #fail(error: unknown): void {
    for (const { reject } of this.#calls.values()) reject(error);
    this.#calls.clear();
  }
}

const EMPTY = new Uint8Array();

function prefixed(message: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(PREFIX_BYTES + message.length);
  new DataView(bytes.buffer).setUint32(1, message.length);
  bytes.set(message, PREFIX_BYTES);
  return bytes;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
