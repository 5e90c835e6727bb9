/** HTTP/2 with prior knowledge on an HTTP/1.1 port without TLS, where no protocol is negotiated. */
import { MAX_REQUESTS_PER_CONNECTION } from "./connections.ts";
import assert from "node:assert/strict";
import { Control } from "../../proto/gen/current/control_pb.ts";
import { FRAME } from "../http2/protocol.ts";
import { encodeFields } from "../http2/hpack/encode.ts";
import { NO_RETRY } from "../retry.ts";
import { bindControl, serveHttp } from "../testing/control.ts";
import { headersFrame, type RawFrame, RawHttp2 } from "../testing/raw_http2.ts";
import { openHttpChannel } from "./channel.ts";

const LIST_RUNS = "/v1/control/list-runs";

function head(more: readonly (readonly [string, string])[] = []): Uint8Array {
  return encodeFields([
    [":method", "POST"],
    [":scheme", "http"],
    [":path", LIST_RUNS],
    [":authority", "a"],
    ["content-type", "application/protobuf"],
    ...more,
  ]);
}

function bodies(frames: readonly RawFrame[]): string {
  const decoder = new TextDecoder();
  return frames.filter(({ type }) => type === FRAME.data)
    .map(({ payload }) => decoder.decode(payload)).join("");
}

Deno.test("prior knowledge: an HTTP/2 client learns that this is HTTP/1.1", async () => {
  const server = await serveHttp(bindControl({}));
  using client = await RawHttp2.open(server.address);
  await client.send(headersFrame(1, head()));
  const frames: RawFrame[] = [];
  while (bodies(frames) === "") {
    const frame = await client.next();
    assert.ok(frame !== undefined, "an answer");
    frames.push(frame);
  }
  assert.match(bodies(frames), /HTTP\/1\.1/);
  await server.close(0);
});

Deno.test("prior knowledge: a connection with many requests at once is closed with an explanation", async () => {
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  let running = 0;
  let most = 0;
  const server = await serveHttp(bindControl({
    listRuns: async () => {
      most = Math.max(most, ++running);
      await held;
      running--;
      return {};
    },
    stopRun: () => Promise.resolve({ success: true }),
  }));
  using client = await RawHttp2.open(server.address);
  // With a Host header, as in HTTP/1.1, such requests are answered.
  const block = head([["host", "a"]]);
  for (let call = 0; call < 100; call++) {
    if (!await client.send(headersFrame(1 + 2 * call, block))) break;
  }
  const frames: RawFrame[] = [];
  for (let frame; (frame = await client.next()) !== undefined;) frames.push(frame);
  assert.match(bodies(frames), /HTTP\/1\.1/);
  assert.ok(most <= MAX_REQUESTS_PER_CONNECTION, `${most} calls ran at a time`);
  const channel = openHttpChannel({ address: server.address, tls: "insecure", retry: NO_RETRY });
  await channel.call(Control.method.stopRun, {});
  channel.close();
  release();
  await server.close(1);
});
