/** Bytes that the attacks send. */
import { gzipSync } from "node:zlib";
import { STRANGERS_CALLS } from "../../../rpc/http2/limits.ts";
import { callHeaders, headersFrame } from "../../../rpc/testing/raw_http2.ts";
import {
  ERROR,
  FLAG,
  FRAME,
  frame,
  PREFACE,
  settingsPayload,
  uint32s,
} from "../../../rpc/http2/protocol.ts";

const encoder = new TextEncoder();

/** Method that requires authentication. */
const PATH = "/flwr.proto.Fleet/PullMessages";
const HEAD = callHeaders(PATH);

/** Method without authentication. */
const CHECK = "/grpc.health.v1.Health/Check";

/** First bytes of a gRPC client. */
export const HELLO: Uint8Array = joined(PREFACE, frame(FRAME.settings, 0, 0));

/** Repeats bytes. */
export function times(count: number, bytes: Uint8Array): Uint8Array {
  const all = new Uint8Array(count * bytes.length);
  for (let at = 0; at < all.length; at += bytes.length) all.set(bytes, at);
  return all;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Calls that are cancelled at once, from a stream id on. */
export function resetCalls(first: number, count: number): Uint8Array {
  return joined(...Array.from({ length: count }, (_, at) => {
    const id = first + 2 * at;
    return joined(
      headersFrame(id, HEAD, 0),
      frame(FRAME.rstStream, 0, id, uint32s(ERROR.cancel)),
    );
  }));
}

/** A health call without a request. */
function unfinishedCheck(id: number): Uint8Array {
  return headersFrame(id, callHeaders(CHECK), 0);
}

/** A connection preface and such a call. */
export const UNFINISHED_CHECK: Uint8Array = joined(HELLO, unfinishedCheck(1));

/** Decompressed size of the health request in MiB. */
const BOMB_MIB = 250;
let bomb: Uint8Array | undefined;

/** A compressed health request: about 250 KiB that decompress to {@link BOMB_MIB}. */
export function healthBomb(id: number): Uint8Array {
  bomb ??= gzipSync(new Uint8Array(BOMB_MIB << 20));
  const message = new Uint8Array(5 + bomb.length);
  message[0] = 1;
  new DataView(message.buffer).setUint32(1, bomb.length);
  message.set(bomb, 5);
  const frames = [headersFrame(id, callHeaders(CHECK, [["grpc-encoding", "gzip"]]), 0)];
  for (let at = 0; at < message.length; at += 16_384) {
    const flags = at + 16_384 >= message.length ? FLAG.endStream : 0;
    frames.push(frame(FRAME.data, flags, id, message.subarray(at, at + 16_384)));
  }
  return joined(...frames);
}

/** An ended stream. */
const OVER = 99;

/** A connection preface, the largest number of open calls, and an ended one. */
export const UNFINISHED_AND_OVER: Uint8Array = joined(
  HELLO,
  ...Array.from({ length: STRANGERS_CALLS }, (_, at) => unfinishedCheck(2 * at + 1)),
  resetCalls(OVER, 1),
);

/** Data for an ended call, and calls that are cancelled before they begin. */
export function lateContent(index: number): Uint8Array {
  return joined(
    frame(FRAME.data, 0, OVER, new Uint8Array(16_384)),
    resetCalls(OVER + 2 + 12 * index, 6),
  );
}

/** A call with endless headers. */
export function endlessHead(id: number): Uint8Array {
  const field = joined(
    Uint8Array.of(0, 2),
    encoder.encode("xy"),
    Uint8Array.of(100),
    encoder.encode("y".repeat(100)),
  );
  return joined(
    frame(FRAME.headers, 0, id, HEAD),
    times(200, frame(FRAME.continuation, 0, id, times(60, field))),
  );
}

/** A call with empty data frames. */
export function emptyData(id: number): Uint8Array {
  return joined(headersFrame(id, HEAD, 0), times(3000, frame(FRAME.data, 0, id)));
}

/** A call with 15 KB of headers. */
export function bigHead(id: number): Uint8Array {
  return headersFrame(id, callHeaders(PATH, [["h", "y".repeat(15_000)]]), 0);
}

/** Calls, followed by the end of the connection. */
export function callsAndGoaway(): Uint8Array {
  const calls = Array.from({ length: 100 }, (_, at) => headersFrame(2 * at + 1, HEAD, 0));
  return joined(HELLO, ...calls, frame(FRAME.goaway, 0, 0, uint32s(0, 0)));
}

export const PINGS: Uint8Array = times(2000, frame(FRAME.ping, 0, 0, encoder.encode("12345678")));
export const SETTINGS: Uint8Array = times(
  2000,
  frame(FRAME.settings, 0, 0, settingsPayload([[4, 65_535]])),
);
export const WINDOW_UPDATES: Uint8Array = times(2000, frame(FRAME.windowUpdate, 0, 0, uint32s(1)));
export const ACKS: Uint8Array = times(2000, frame(FRAME.settings, FLAG.ack, 0));

/** An HTTP/1.1 request. */
function request(line: string, headers: readonly string[], body = ""): Uint8Array {
  return encoder.encode([`${line} HTTP/1.1`, "Host: x", ...headers, "", body].join("\r\n"));
}

const PROTOBUF = "Content-Type: application/protobuf";
const CHUNKED = "Transfer-Encoding: chunked";
const TINY_CHUNKS = `${"1\r\na\r\n".repeat(60_000)}0\r\n\r\n`;

export const HEALTH: Uint8Array = request("GET /health", []);
export const UNFINISHED_HEAD: Uint8Array = encoder.encode(
  "POST /v1/fleet/pull-messages HTTP/1.1\r\nHost: x\r\n",
);
export const ONE_MORE_HEADER: Uint8Array = encoder.encode("X-a: b\r\n");
export const HUGE_HEAD: Uint8Array = request("GET /", [`X: ${"a".repeat(15_000)}`]);
export const BAD_SIGNATURE: Uint8Array = request("POST /v1/fleet/send-node-heartbeat", [
  PROTOBUF,
  "flwr-public-key: QUJD",
  "flwr-timestamp: 2026",
  "flwr-signature: QUJD",
  "Content-Length: 0",
]);

/** A request for a path, with a body in chunks of one byte. */
export function tinyChunks(line: string): Uint8Array {
  return request(line, [PROTOBUF, CHUNKED], TINY_CHUNKS);
}
