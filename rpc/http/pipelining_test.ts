/** Clients that pipeline, read no responses, or send a body in tiny pieces, and the effect on other clients. */
import { FREE_PIECES } from "./body.ts";
import assert from "node:assert/strict";
import { FlwrError } from "../../base/error.ts";
import { Control } from "../../proto/gen/current/control_pb.ts";
import { NO_RETRY } from "../retry.ts";
import { bindControl, serveHttp } from "../testing/control.ts";
import { parseResponse, RawConnection } from "../testing/raw_http.ts";
import { openHttpChannel } from "./channel.ts";

const LIST_RUNS = "/v1/control/list-runs";
const HEAD = `POST ${LIST_RUNS} HTTP/1.1\r\nHost: a\r\nContent-Type: application/protobuf\r\n`;
const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n\r\n`;
const CHUNK = "1\r\na\r\n";

Deno.test("pipelined requests are handled one after the other", async () => {
  let running = 0;
  let most = 0;
  let calls = 0;
  const gate = Promise.withResolvers<void>();
  const server = await serveHttp(bindControl({
    listRuns: async () => {
      most = Math.max(most, ++running);
      if (++calls === 1) await gate.promise;
      running--;
      return {};
    },
  }));
  using connection = await RawConnection.open(server.address);
  await connection.write(`${HEAD}Content-Length: 0\r\n\r\n`.repeat(100));
  await connection.write(`${HEAD}Content-Length: 0\r\nConnection: close\r\n\r\n`);
  // Others are answered meanwhile.
  const channel = openHttpChannel({ address: server.address, tls: "insecure", retry: NO_RETRY });
  while (calls < 1) await channel.call(Control.method.stopRun, {}).catch(() => {});
  assert.equal(calls, 1);
  gate.resolve();
  const answers = (await connection.readToEnd()).match(/HTTP\/1\.1 200 /g);
  assert.deepEqual([answers?.length, calls, most], [101, 101, 1]);
  channel.close();
  await server.close(1);
});

Deno.test("no more is read from a client that reads no responses", async () => {
  let calls = 0;
  const server = await serveHttp(bindControl({
    listRuns: () => {
      calls++;
      return Promise.resolve({ now: "x".repeat(60_000) });
    },
  }));
  const greedy = await RawConnection.open(server.address);
  const asked = 5000;
  await greedy.write(`${HEAD}Content-Length: 0\r\n\r\n`.repeat(asked));
  // The sockets of both ends buffer some MiB. Then the calls stall, however long other calls continue.
  const channel = openHttpChannel({ address: server.address, tls: "insecure", retry: NO_RETRY });
  let [before, still] = [-1, 0];
  while (still < 100) {
    still = calls === before ? still + 1 : 0;
    before = calls;
    await channel.call(Control.method.stopRun, {}).catch(() => {});
  }
  assert.ok(calls > 0 && calls < asked / 5, `${calls} calls`);
  greedy[Symbol.dispose]();
  channel.close();
  await server.close(1);
});

Deno.test("a body in many pieces of one byte is refused, one in a few is read", async () => {
  const server = await serveHttp(bindControl({ listRuns: () => Promise.resolve({}) }));
  {
    using connection = await RawConnection.open(server.address);
    connection.write(CHUNKED + CHUNK.repeat(60_000)).catch(() => {}); // may already be closed
    assert.equal(parseResponse(await connection.readToEnd()).status, 413);
  }
  {
    using connection = await RawConnection.open(server.address);
    await connection.write(CHUNKED + CHUNK.repeat(FREE_PIECES) + "0\r\n\r\n");
    assert.match(await connection.read(), /^HTTP\/1\.1 400 /, "it was read, and is no message");
  }
  await server.close(1);
});

Deno.test("a large body in pieces of a network's size is read", async () => {
  let received = 0;
  const server = await serveHttp(bindControl({
    startRun: ({ fab }) => {
      received = fab?.content.length ?? 0;
      return Promise.resolve({});
    },
  }));
  const length = 300_000;
  const content = new Uint8Array([
    ...[0x0a, ...varint(length + 4), 0x12, ...varint(length)],
    ...new Uint8Array(length),
  ]);
  const body = ReadableStream.from((function* () {
    for (let from = 0; from < content.length; from += 536) yield content.slice(from, from + 536);
  })());
  const answer = await fetch(`http://${server.address}/v1/control/start-run`, {
    method: "POST",
    headers: { "content-type": "application/protobuf" },
    body,
  });
  await answer.body?.cancel();
  assert.deepEqual([answer.status, received], [200, length]);
  await server.close(1);
});

const refused = {
  "not admitted": CHUNKED,
  "of no path": "POST /nothing HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
  "for health": "GET /health HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
  "of a web page":
    "POST /health HTTP/1.1\r\nHost: evil.example\r\nTransfer-Encoding: chunked\r\n\r\n",
  "of another type": `POST ${LIST_RUNS} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n`,
};

for (const [what, head] of Object.entries(refused)) {
  Deno.test(`the rest of the body of a request ${what} is not read`, async () => {
    const server = await serveHttp(bindControl({}, {
      admit: () => {
        throw new FlwrError("unauthenticated", "Who?");
      },
    }));
    using connection = await RawConnection.open(server.address);
    await connection.write(head);
    const part = `10000\r\n${"x".repeat(65_536)}\r\n`;
    let sent = 0;
    const sending = (async () => {
      for (; sent < 5000; sent++) await connection.write(part);
    })().catch(() => {}); // the server closes the connection
    const { status } = parseResponse(await connection.readToEnd());
    assert.ok([200, 401, 403, 404, 415].includes(status), String(status));
    await sending;
    assert.ok(sent < 500, `${sent} parts of 64 KiB were taken`);
    await server.close(1);
  });
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [value % 128 + 128, ...varint(Math.floor(value / 128))];
}
