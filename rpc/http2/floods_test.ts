/** Abusive traffic: each kind is limited, and other clients are still served. */
import assert from "node:assert/strict";
import { settle } from "../../base/testing/settle.ts";
import { FlwrError } from "../../base/error.ts";
import { Driver } from "../../proto/gen/flwr-1.9/driver_pb.ts";
import { openChannel } from "../grpc/channel.ts";
import { NO_RETRY } from "../retry.ts";
import type { RpcServer } from "../server.ts";
import { serveDriver } from "../testing/driver.ts";
import { callHeaders, headersFrame, RawHttp2 } from "../testing/raw_http2.ts";
import { IDLE_FRAMES, MAX_STRANGERS_PER_ADDRESS, REFUSALS, STRANGERS_CALLS } from "./limits.ts";
import { ERROR, FLAG, FRAME, frame, settingsPayload, uint32s } from "./protocol.ts";

const PATH = "/flwr.proto.Driver/CreateRun";

/** Starts a server that admits one caller, and counts the other calls that reach its handler. */
async function serve() {
  const seen = { refused: 0 };
  const server = await serveDriver({}, {
    admit: (call) => {
      if (call.header("name") === "known") return;
      seen.refused++;
      throw new FlwrError("unauthenticated", "Access denied");
    },
  });
  return { server, seen };
}

/** Checks that the known caller gets its response. */
async function assertServed(server: RpcServer): Promise<void> {
  const channel = openChannel({ address: server.address, tls: "insecure", retry: NO_RETRY });
  const { response } = await channel.call(Driver.method.createRun, {}, {
    metadata: () => Promise.resolve({ name: "known" }),
  });
  assert.equal(response.runId, 1n);
  channel.close();
}

/** Frames that a peer floods a connection with, by kind, after it has opened a call. */
const FLOODS: Readonly<Record<string, (index: number) => Uint8Array>> = {
  "PING": () => frame(FRAME.ping, 0, 0, new Uint8Array(8)),
  "SETTINGS": () => frame(FRAME.settings, 0, 0, settingsPayload([[4, 65_535]])),
  "SETTINGS with many changes": (index) =>
    frame(
      FRAME.settings,
      0,
      0,
      settingsPayload(Array.from({ length: 2000 }, (_, i) => [4, 1 + (index + i) % 60_000])),
    ),
  "DATA with an end, of a call that is over": () => frame(FRAME.data, FLAG.endStream, 1),
  "WINDOW_UPDATE": () => frame(FRAME.windowUpdate, 0, 0, uint32s(1)),
  "PRIORITY": () => frame(FRAME.priority, 0, 1, new Uint8Array(5)),
  "DATA without content": () => frame(FRAME.data, 0, 1),
  "frames of an unknown type": () => frame(99, 0, 0),
  "calls that are reset": (index) => {
    const id = 2 * index + 3;
    return Uint8Array.of(
      ...headersFrame(id, callHeaders(PATH), 0),
      ...frame(FRAME.rstStream, 0, id, uint32s(ERROR.cancel)),
    );
  },
  "calls with large heads": (index) =>
    headersFrame(2 * index + 3, callHeaders(PATH, [["h", "y".repeat(15_000)]])),
};

for (const [what, make] of Object.entries(FLOODS)) {
  Deno.test(`floods: ${what}`, async () => {
    const { server } = await serve();
    using flood = await RawHttp2.open(server.address);
    await flood.send(headersFrame(1, callHeaders(PATH, [["name", "known"]]), 0));
    const ending = flood.closedWith();
    let sent = 0;
    const most = 100 * IDLE_FRAMES.burst;
    while (sent < most && await flood.send(make(sent))) sent++;
    assert.ok(sent < most, `the connection took ${sent} frames`);
    const ended = await ending;
    assert.ok(ended === ERROR.enhanceYourCalm || ended === undefined, `GOAWAY ${ended}`);
    await assertServed(server);
    await server.close(1);
  });
}

/** Frames that a stranger sends while as many of its calls as allowed wait for the rest of their requests. */
const LATE: Readonly<Record<string, (index: number) => Uint8Array[]>> = {
  "content of a call that is over": () => [frame(FRAME.data, 0, 99, new Uint8Array(16_384))],
  "cancelled calls, paid for with content of one that is over": (index) => [
    frame(FRAME.data, 0, 99, new Uint8Array(16_384)),
    headersFrame(2 * index + 101, callHeaders(PATH), 0),
    frame(FRAME.rstStream, 0, 2 * index + 101, uint32s(ERROR.cancel)),
  ],
};

for (const [what, make] of Object.entries(LATE)) {
  Deno.test(`floods: a stranger's ${what}`, async () => {
    const { server } = await serve();
    using flood = await RawHttp2.open(server.address);
    for (let i = 0; i < STRANGERS_CALLS; i++) {
      await flood.send(headersFrame(2 * i + 1, callHeaders("/grpc.health.v1.Health/Check"), 0));
    }
    await flood.send(
      headersFrame(99, callHeaders(PATH), 0),
      frame(FRAME.rstStream, 0, 99, uint32s(ERROR.cancel)),
    );
    const ending = flood.closedWith();
    let sent = 0;
    const most = 5 * IDLE_FRAMES.burst;
    while (sent < most && await flood.send(...make(sent))) sent++;
    assert.ok(sent < most, `the connection took ${sent} of them`);
    await ending;
    await assertServed(server);
    await server.close(1);
  });
}

Deno.test("floods: headers that never end", async () => {
  const { server } = await serve();
  using flood = await RawHttp2.open(server.address);
  const ending = flood.closedWith();
  await flood.send(frame(FRAME.headers, 0, 1, callHeaders(PATH)));
  const sent = await flood.flood(frame(FRAME.continuation, 0, 1, new Uint8Array(1000)), 10_000);
  assert.ok(sent < 10_000);
  assert.ok([ERROR.enhanceYourCalm, undefined].includes(await ending as 11));
  await assertServed(server);
  await server.close(1);
});

Deno.test("floods: the connection of a peer that asks and does not read is closed, and its queue stays small", async () => {
  const { server } = await serve();
  const before = Deno.memoryUsage().rss;
  const pings = new Uint8Array(17 * 2000);
  for (let at = 0; at < pings.length; at += 17) {
    pings.set(frame(FRAME.ping, 0, 0, new Uint8Array(8)), at);
  }
  let sent = 0;
  for (let connection = 0; connection < 20; connection++) {
    using flood = await RawHttp2.open(server.address);
    sent += await flood.flood(pings, 1000);
  }
  assert.ok(sent < 20_000, `${sent} times 2000 pings were taken`);
  const grown = (Deno.memoryUsage().rss - before) / 2 ** 20;
  assert.ok(grown < 150, `${grown} MiB`);
  await assertServed(server);
  await server.close(1);
});

Deno.test("floods: a call whose cancellation arrives with it is not started", async () => {
  const { server, seen } = await serve();
  for (let connection = 0; connection < 5; connection++) {
    using flood = await RawHttp2.open(server.address);
    const pairs = Array.from({ length: 200 }, (_, i) => [
      headersFrame(2 * i + 1, callHeaders(PATH)),
      frame(FRAME.rstStream, 0, 2 * i + 1, uint32s(ERROR.cancel)),
    ]);
    await flood.send(Uint8Array.from(pairs.flat().flatMap((part) => [...part])));
    await flood.send(frame(FRAME.ping, 0, 0, new Uint8Array(8)));
    assert.notEqual(await flood.nextOf(FRAME.ping), undefined);
  }
  // If the flood is read in pieces, the last call of a piece may start.
  assert.ok(seen.refused <= 100, `${seen.refused} of 1000 calls ran`);
  await assertServed(server);
  await server.close(1);
});

Deno.test("floods: only a few of a stranger's calls run at a time", async () => {
  let running = 0;
  let most = 0;
  const server = await serveDriver({}, {
    admit: async () => {
      most = Math.max(most, ++running);
      await settle();
      running--;
      throw new FlwrError("unauthenticated", "Access denied");
    },
  });
  using flood = await RawHttp2.open(server.address);
  const calls = Array.from({ length: 100 }, (_, i) => headersFrame(2 * i + 1, callHeaders(PATH)));
  await flood.send(...calls);
  for (const _ of calls) assert.notEqual(await flood.nextOf(FRAME.headers), undefined);
  assert.equal(most, STRANGERS_CALLS);
  await server.close(1);
});

Deno.test("floods: an address's refused calls are limited across its connections", async () => {
  const { server, seen } = await serve();
  let closed = 0;
  let opened = 0;
  while (closed < 5) {
    assert.ok(++opened < REFUSALS.burst / 10, "connections go on without end");
    using flood = await RawHttp2.open(server.address);
    const ending = flood.closedWith();
    const calls = Array.from({ length: 100 }, (_, i) => headersFrame(2 * i + 1, callHeaders(PATH)));
    const goaway = frame(FRAME.goaway, 0, 0, uint32s(0, 0));
    await flood.send(Uint8Array.from([...calls, goaway].flatMap((part) => [...part])));
    // All 100 are answered before the server sends GOAWAY, or it closes the connection.
    if (await ending !== ERROR.none) closed++;
  }
  assert.ok(seen.refused < 2 * REFUSALS.burst, `${seen.refused} calls`);
  await assertServed(server);
  await server.close(1);
});

Deno.test("floods: the oldest unauthenticated connections are closed, and a newcomer gets in", async () => {
  const { server } = await serve();
  const silent: RawHttp2[] = [];
  for (let i = 0; i < MAX_STRANGERS_PER_ADDRESS + 20; i++) {
    silent.push(await RawHttp2.open(server.address));
  }
  await assertServed(server);
  for (const oldest of silent.slice(0, 20)) await oldest.closedWith();
  const [newest] = silent.slice(-1);
  await newest!.send(frame(FRAME.ping, 0, 0, new Uint8Array(8)));
  assert.equal((await newest!.nextOf(FRAME.ping))?.flags, FLAG.ack);
  for (const each of silent) each[Symbol.dispose]();
  await server.close(1);
});
