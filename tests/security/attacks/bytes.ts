/** What the attacks say, as bytes. */
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

/** The method that strangers call: it answers nobody who is not known. */
const PATH = "/flwr.proto.Fleet/PullMessages";
const HEAD = callHeaders(PATH);

/** The method that anyone may call. */
const CHECK = "/grpc.health.v1.Health/Check";

/** What a client of gRPC says first. */
export const HELLO: Uint8Array = joined(PREFACE, frame(FRAME.settings, 0, 0));

/** The same bytes several times. */
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

/** Calls that are cancelled at once, from a stream on. */
export function resetCalls(first: number, count: number): Uint8Array {
  return joined(...Array.from({ length: count }, (_, at) => {
    const id = first + 2 * at;
    return joined(
      headersFrame(id, HEAD, 0),
      frame(FRAME.rstStream, 0, id, uint32s(ERROR.cancel)),
    );
  }));
}

/** A call for health whose request never comes. */
function unfinishedCheck(id: number): Uint8Array {
  return headersFrame(id, callHeaders(CHECK), 0);
}

/** A greeting, and such a call. */
export const UNFINISHED_CHECK: Uint8Array = joined(HELLO, unfinishedCheck(1));

/** MiB of nothing that a question for health becomes once decompressed. */
const BOMB_MIB = 250;
let bomb: Uint8Array | undefined;

/** A question for health, compressed: some 250 KiB that become {@link BOMB_MIB}. */
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

/** A stream that is over. */
const OVER = 99;

/** A greeting, as many unfinished calls as a stranger may have, and one that is over. */
export const UNFINISHED_AND_OVER: Uint8Array = joined(
  HELLO,
  ...Array.from({ length: STRANGERS_CALLS }, (_, at) => unfinishedCheck(2 * at + 1)),
  resetCalls(OVER, 1),
);

/** Content of the call that is over, and calls that are cancelled before they begin. */
export function lateContent(index: number): Uint8Array {
  return joined(
    frame(FRAME.data, 0, OVER, new Uint8Array(16_384)),
    resetCalls(OVER + 2 + 12 * index, 6),
  );
}

/** A call whose head goes on and on. */
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

/** A call with frames of no content. */
export function emptyData(id: number): Uint8Array {
  return joined(headersFrame(id, HEAD, 0), times(3000, frame(FRAME.data, 0, id)));
}

/** A call with a head of 15 KB. */
export function bigHead(id: number): Uint8Array {
  return headersFrame(id, callHeaders(PATH, [["h", "y".repeat(15_000)]]), 0);
}

/** Calls, and the end of the connection. */
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

/** A request over HTTP/1.1. */
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

/** A body in chunks of one byte, for a path. */
export function tinyChunks(line: string): Uint8Array {
  return request(line, [PROTOBUF, CHUNKED], TINY_CHUNKS);
}
