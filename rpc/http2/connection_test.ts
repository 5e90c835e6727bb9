import { MAX_CONCURRENT_STREAMS } from "../grpc/server.ts";
import assert from "node:assert/strict";
import { SERVER_WINDOW_BYTES } from "../limits.ts";
import { serveDriver } from "../testing/driver.ts";
import { callHeaders, headersFrame, RawHttp2 } from "../testing/raw_http2.ts";
import { MAX_HEADER_LIST_BYTES } from "./limits.ts";
import {
  ERROR,
  FLAG,
  FRAME,
  frame,
  PREFACE,
  readUint32,
  SETTING,
  settingsPayload,
  uint32s,
} from "./protocol.ts";

const PATH = "/flwr.proto.Driver/CreateRun";
const EMPTY_MESSAGE = new Uint8Array(5);

Deno.test("http2: a server offers windows that hold a model's worth of bytes", async () => {
  const server = await serveDriver();
  using client = await RawHttp2.open(server.address);
  const settings = await client.next();
  assert.equal(settings?.type, FRAME.settings);
  const told = new Map<number, number>();
  for (let at = 0; at < settings.payload.length; at += 6) {
    told.set(settings.payload[at + 1]!, readUint32(settings.payload, at + 2));
  }
  assert.deepEqual(
    told,
    new Map([
      [SETTING.maxConcurrentStreams, MAX_CONCURRENT_STREAMS],
      [SETTING.initialWindowSize, SERVER_WINDOW_BYTES],
      [SETTING.maxHeaderListSize, MAX_HEADER_LIST_BYTES],
    ]),
  );
  const window = await client.nextOf(FRAME.windowUpdate);
  assert.equal(window?.streamId, 0);
  assert.equal(readUint32(window!.payload, 0), SERVER_WINDOW_BYTES - 65_535);
  await server.close(1);
});

Deno.test("http2: a call, padded or in parts, is answered in frames of the peer's size", async () => {
  const server = await serveDriver();
  using client = await RawHttp2.open(server.address);
  const block = callHeaders(PATH);
  const padded = (payload: Uint8Array) => Uint8Array.of(3, ...payload, 0, 0, 0);
  await client.send(
    // The headers over three frames, with padding and a priority.
    frame(
      FRAME.headers,
      FLAG.padded | FLAG.priority,
      1,
      padded(Uint8Array.of(0, 0, 0, 0, 0, ...block.subarray(0, 5))),
    ),
    frame(FRAME.continuation, 0, 1, block.subarray(5, 9)),
    frame(FRAME.continuation, FLAG.endHeaders, 1, block.subarray(9)),
    frame(FRAME.data, FLAG.padded, 1, padded(EMPTY_MESSAGE.subarray(0, 2))),
    frame(FRAME.data, 0, 1, EMPTY_MESSAGE.subarray(2)),
    // Trailers end it.
    frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, 1, Uint8Array.of(0, 1, 0x61, 1, 0x62)),
  );
  assert.equal((await client.nextOf(FRAME.headers))?.streamId, 1);
  // flwr.proto.CreateRunResponse { run_id: 1 } as sint64, with the prefix of gRPC
  assert.deepEqual([...(await client.nextOf(FRAME.data))!.payload], [0, 0, 0, 0, 2, 8, 2]);
  const end = await client.nextOf(FRAME.headers);
  assert.equal(end!.flags, FLAG.endHeaders | FLAG.endStream);
  await server.close(1);
});

Deno.test("http2: a response waits for the windows of its stream and its connection", async () => {
  const size = 100_000;
  const server = await serveDriver({
    pullTaskRes: () => Promise.resolve({ taskResList: [{ groupId: "x".repeat(size) }] }),
  });
  using client = await RawHttp2.open(server.address);
  await client.send(
    frame(FRAME.settings, 0, 0, settingsPayload([[SETTING.initialWindowSize, 10]])),
    headersFrame(1, callHeaders("/flwr.proto.Driver/PullTaskRes"), 0),
    frame(FRAME.data, FLAG.endStream, 1, EMPTY_MESSAGE),
  );
  let received = 0;
  const take = async (until: number) => {
    while (received < until) {
      received += (await client.nextOf(FRAME.data))?.length ?? NaN;
      assert.ok(received <= until, `${received} of ${until} bytes`);
    }
  };
  await take(10);
  await client.send(frame(FRAME.windowUpdate, 0, 1, uint32s(2 ** 20)));
  await take(65_535); // the connection's window
  await client.send(frame(FRAME.windowUpdate, 0, 0, uint32s(2 ** 20)));
  assert.notEqual(await client.nextOf(FRAME.headers), undefined, "the end of the answer");
  await server.close(1);
});

const FAULTS: Readonly<Record<string, readonly [Uint8Array, number]>> = {
  "a frame that is too large": [
    Uint8Array.of(0, 0x40, 1, 0, 0, 0, 0, 0, 1),
    ERROR.frameSize,
  ],
  "DATA of no stream": [frame(FRAME.data, 0, 1), ERROR.protocol],
  "HEADERS of a server's stream": [headersFrame(2, callHeaders(PATH)), ERROR.protocol],
  "PUSH_PROMISE": [frame(FRAME.pushPromise, 0, 1), ERROR.protocol],
  "CONTINUATION of nothing": [frame(FRAME.continuation, 0, 1), ERROR.protocol],
  "a window of nothing": [frame(FRAME.windowUpdate, 0, 0, uint32s(0)), ERROR.protocol],
  "a window beyond all bounds": [
    frame(FRAME.windowUpdate, 0, 0, uint32s(2 ** 31 - 1)),
    ERROR.flowControl,
  ],
  "an initial window beyond all bounds": [
    frame(FRAME.settings, 0, 0, settingsPayload([[SETTING.initialWindowSize, 2 ** 31]])),
    ERROR.flowControl,
  ],
  "SETTINGS of half a setting": [frame(FRAME.settings, 0, 0, new Uint8Array(3)), ERROR.frameSize],
  "a PING of 7 bytes": [frame(FRAME.ping, 0, 0, new Uint8Array(7)), ERROR.frameSize],
  "a head that cannot be decoded": [headersFrame(1, Uint8Array.of(0x80)), ERROR.compression],
  "padding longer than its frame": [
    frame(FRAME.headers, FLAG.padded, 1, Uint8Array.of(9, 0)),
    ERROR.protocol,
  ],
  "a frame within a head": [
    Uint8Array.of(
      ...frame(FRAME.headers, 0, 1, callHeaders(PATH)),
      ...frame(FRAME.ping, 0, 0, new Uint8Array(8)),
    ),
    ERROR.protocol,
  ],
};

Deno.test("http2: a protocol error ends the connection with its code", async () => {
  const server = await serveDriver();
  for (const [what, [bytes, error]] of Object.entries(FAULTS)) {
    using client = await RawHttp2.open(server.address);
    await client.send(bytes);
    assert.equal(await client.closedWith(), error, what);
  }
  await server.close(1);
});

Deno.test("http2: a connection with another protocol gets an error and is closed", async () => {
  const server = await serveDriver();
  for (const said of ["GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01"]) {
    using client = await RawHttp2.open(server.address, false);
    await client.send(new TextEncoder().encode(said));
    assert.equal(await client.closedWith(), ERROR.protocol);
  }
  using early = await RawHttp2.open(server.address, false);
  await early.send(PREFACE, headersFrame(1, callHeaders(PATH)));
  assert.equal(await early.closedWith(), ERROR.protocol, "a call before SETTINGS");
  await server.close(1);
});

Deno.test("http2: headers that are not a valid request end only their call", async () => {
  const server = await serveDriver();
  using client = await RawHttp2.open(server.address);
  const bad: [string, string][][] = [
    [["Upper", "x"]],
    [["connection", "close"]],
    [["transfer-encoding", "chunked"]],
    [["a", "x\r\nforged: y"]],
    [[":late", "x"]],
    [[":path", "/again"]],
  ];
  let id = 1;
  for (const more of bad) {
    await client.send(headersFrame(id, callHeaders(PATH, more)));
    const reset = await client.nextOf(FRAME.rstStream);
    assert.deepEqual([reset?.streamId, readUint32(reset!.payload, 0)], [id, ERROR.protocol]);
    id += 2;
  }
  await client.send(
    headersFrame(id, callHeaders(PATH), 0),
    frame(FRAME.data, FLAG.endStream, id, EMPTY_MESSAGE),
  );
  assert.equal((await client.nextOf(FRAME.headers))?.streamId, id);
  await server.close(1);
});
