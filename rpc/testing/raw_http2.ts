import { parseAddress } from "../address.ts";
import { encodeFields } from "../http2/hpack/encode.ts";
import {
  FLAG,
  FRAME,
  frame,
  FRAME_HEAD_BYTES,
  type FrameHead,
  PREFACE,
  readHead,
  readUint32,
} from "../http2/protocol.ts";

/** A received frame. */
export interface RawFrame extends FrameHead {
  readonly payload: Uint8Array;
}

/** The encoded headers of a call without credentials. */
export function callHeaders(path: string, more: readonly (readonly [string, string])[] = []) {
  return encodeFields([
    [":method", "POST"],
    [":scheme", "http"],
    [":path", path],
    [":authority", "x"],
    ["content-type", "application/grpc"],
    ["te", "trailers"],
    ...more,
  ]);
}

/** A HEADERS frame that begins a call; by default with no body. */
export function headersFrame(streamId: number, block: Uint8Array, flags: number = FLAG.endStream) {
  return frame(FRAME.headers, flags | FLAG.endHeaders, streamId, block);
}

/** An HTTP/2 client that can send any frames. */
export class RawHttp2 implements Disposable {
  readonly #conn: Deno.TcpConn;
  #input = new Uint8Array();

  private constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
  }

  /** Connects. @param greet whether to send the preface and SETTINGS */
  static async open(address: string, greet = true): Promise<RawHttp2> {
    const { host: hostname, port } = parseAddress(address);
    const client = new RawHttp2(await Deno.connect({ hostname, port }));
    if (greet) await client.send(PREFACE, frame(FRAME.settings, 0, 0));
    return client;
  }

  /** Sends bytes. @returns false if the connection was closed */
  async send(...parts: readonly Uint8Array[]): Promise<boolean> {
    for (const part of parts) {
      for (let rest = part; rest.length > 0;) {
        try {
          rest = rest.subarray(await this.#conn.write(rest));
        } catch {
          return false;
        }
      }
    }
    return true;
  }

  /** Sends the same bytes repeatedly. @returns how often, up to `most`, before the connection was closed */
  async flood(part: Uint8Array, most: number): Promise<number> {
    for (let sent = 0; sent < most; sent++) if (!await this.send(part)) return sent;
    return most;
  }

  /** The next frame; undefined at the end of the connection. */
  async next(): Promise<RawFrame | undefined> {
    for (;;) {
      if (this.#input.length >= FRAME_HEAD_BYTES) {
        const head = readHead(this.#input, 0);
        const end = FRAME_HEAD_BYTES + head.length;
        if (this.#input.length >= end) {
          const payload = this.#input.slice(FRAME_HEAD_BYTES, end);
          this.#input = this.#input.slice(end);
          return { ...head, payload };
        }
      }
      const buffer = new Uint8Array(65_536);
      const count = await this.#conn.read(buffer).catch(() => null);
      if (count === null) return undefined;
      this.#input = Uint8Array.of(...this.#input, ...buffer.subarray(0, count));
    }
  }

  /** The next frame of a type; undefined at the end of the connection. */
  async nextOf(type: number): Promise<RawFrame | undefined> {
    for (;;) {
      const found = await this.next();
      if (found === undefined || found.type === type) return found;
    }
  }

  /** Reads to the connection's end. @returns the error code of its GOAWAY; undefined without one */
  async closedWith(): Promise<number | undefined> {
    let error: number | undefined;
    for (let found = await this.next(); found !== undefined; found = await this.next()) {
      if (found.type === FRAME.goaway) error = readUint32(found.payload, 4);
    }
    return error;
  }

  [Symbol.dispose](): void {
    try {
      this.#conn.close();
    } catch {
      // already closed
    }
  }
}
