import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { connect as connectHttp2 } from "node:http2";
import { FlwrError } from "../base/error.ts";
import { Control } from "../proto/gen/current/control_pb.ts";
import { ApiError } from "./api_error.ts";
import { ByteBudget } from "./byte_budget.ts";
import type { Transport } from "./call.ts";
import type { Channel } from "./channel.ts";
import { openChannel } from "./grpc/channel.ts";
import { openHttpChannel } from "./http/channel.ts";
import { readProxyRange, TrustedProxies } from "./proxies/trusted_proxies.ts";
import { NO_RETRY } from "./retry.ts";
import type { RpcServer } from "./server.ts";
import type { ServiceBinding } from "./service.ts";
import { RawConnection } from "./testing/raw_http.ts";
import { bindControl, serveGrpc, serveHttp } from "./testing/control.ts";

const transports = {
  grpc: { serve: serveGrpc, open: openChannel },
  http: { serve: serveHttp, open: openHttpChannel },
} as const;

/** Tests that run over each transport, because handlers and callers must not notice the difference. */
function overEach(
  name: string,
  run: (
    start: (binding: ServiceBinding) => Promise<{ channel: Channel; server: RpcServer }>,
    transport: Transport,
  ) => Promise<void>,
) {
  for (const [transport, { serve, open }] of Object.entries(transports)) {
    Deno.test(`${transport}: ${name}`, async () => {
      await using cleanup = new AsyncDisposableStack();
      await run(async (binding) => {
        const server = await serve(binding);
        cleanup.defer(() => server.close(1));
        const channel = open({ address: server.address, tls: "insecure", retry: NO_RETRY });
        cleanup.defer(() => channel.close());
        return { channel, server };
      }, transport as Transport);
    });
  }
}

overEach("a call carries its request, its caller, headers and bytes", async (start, transport) => {
  const { channel } = await start(bindControl({
    listRuns: ({ limit }, call) => {
      assert.equal(call.transport, transport);
      assert.equal(call.method, "/flwr.proto.Control/ListRuns");
      assert.match(call.peer, /^127\.0\.0\.1:\d+$/);
      assert.deepEqual([...call.headerBytes("flwr-key") ?? []], [0, 255, 10]);
      assert.equal(call.headerBytes("absent"), undefined);
      call.setHeader("reply", "ours");
      return Promise.resolve({ now: `${limit} for ${call.caller}` });
    },
  }, {
    authenticate: (call, method, bytes) =>
      Promise.resolve(`${call.header("Name")} of ${method.name}, ${bytes.length} bytes`),
  }));
  const { response, header } = await channel.call(Control.method.listRuns, { limit: 300n }, {
    metadata: (bytes) =>
      Promise.resolve({ name: `call of ${bytes.length}`, "flwr-key": Uint8Array.of(0, 255, 10) }),
  });
  assert.equal(response.now, "300 for call of 3 of ListRuns, 3 bytes");
  assert.equal(header("reply"), "ours");
  assert.equal(header("absent"), undefined);
});

overEach("an error's message reaches the caller, an internal error is hidden", async (start) => {
  const { channel } = await start(bindControl({
    listRuns: () => Promise.reject(new ApiError("run-not-found", "Run ID not found.")),
    stopRun: () => {
      throw new TypeError("/etc/flwr/server.key");
    },
  }));
  await assert.rejects(channel.call(Control.method.listRuns, {}), {
    code: "not-found",
    message: "Run ID not found.",
  });
  await assert.rejects(channel.call(Control.method.stopRun, {}), {
    code: "internal",
    message: /^Internal (server )?error\.?$/,
  });
});

overEach("a stream's messages arrive one by one, each when it is said", async (start) => {
  const heard: PromiseWithResolvers<void>[] = Array.from(
    { length: 3 },
    () => Promise.withResolvers(),
  );
  const { channel } = await start(bindControl({
    async *streamLogs({ runId }) {
      for (const [i, { promise }] of heard.entries()) {
        yield { logOutput: `run ${runId}, line ${i}` };
        await promise;
      }
    },
  }));
  const lines: string[] = [];
  for await (const { logOutput } of channel.stream(Control.method.streamLogs, { runId: 5n })) {
    lines.push(logOutput);
    heard[lines.length - 1]?.resolve();
  }
  assert.deepEqual(lines, ["run 5, line 0", "run 5, line 1", "run 5, line 2"]);
});

overEach("a stream may be empty, and its messages large", async (start) => {
  const { channel } = await start(bindControl({
    async *streamLogs({ runId }) {
      for (let i = 0n; i < runId; i++) {
        yield await Promise.resolve({ logOutput: "x".repeat(5_000_000) });
      }
    },
  }));
  for (const runId of [0n, 3n]) {
    let length = 0;
    for await (const { logOutput } of channel.stream(Control.method.streamLogs, { runId })) {
      length += logOutput.length;
    }
    assert.equal(length, Number(runId) * 5_000_000);
  }
});

overEach("a stream that is refused, and one that fails later, say so", async (start) => {
  const { channel } = await start(bindControl({
    async *streamLogs({ runId }) {
      if (runId === 0n) throw new ApiError("run-not-found", "Run ID not found.");
      yield await Promise.resolve({ logOutput: "first" });
      throw new TypeError("a bug");
    },
  }));
  const refused = channel.stream(Control.method.streamLogs, {});
  await assert.rejects(Array.fromAsync(refused), {
    code: "not-found",
    message: "Run ID not found.",
  });
  const lines: string[] = [];
  await assert.rejects(async () => {
    for await (const { logOutput } of channel.stream(Control.method.streamLogs, { runId: 1n })) {
      lines.push(logOutput);
    }
  }, { name: "FlwrError" });
  assert.deepEqual(lines, ["first"]);
});

overEach("a client that stops reading a stream ends it at the server", async (start) => {
  const ended = Promise.withResolvers<void>();
  const delivered = Promise.withResolvers<boolean>();
  const { channel } = await start(bindControl({
    async *streamLogs(_request, call) {
      call.delivered.then(delivered.resolve);
      yield { logOutput: "first" };
      await new Promise((resolve) => call.signal.addEventListener("abort", resolve));
      ended.resolve();
    },
  }));
  for await (const { logOutput } of channel.stream(Control.method.streamLogs, {})) {
    assert.equal(logOutput, "first");
    break;
  }
  await ended.promise;
  assert.equal(await delivered.promise, false);
});

overEach("a stream ends when its signal is aborted or its channel closed", async (start) => {
  const { channel, server } = await start(bindControl({
    async *streamLogs(_request, call) {
      yield { logOutput: "first" };
      await new Promise((resolve) => call.signal.addEventListener("abort", resolve));
    },
  }));
  const listen = async (stop: () => void, signal?: AbortSignal) => {
    for await (const _ of channel.stream(Control.method.streamLogs, {}, { signal })) stop();
  };
  const cancel = new AbortController();
  await assert.rejects(listen(() => cancel.abort(), cancel.signal), {
    code: "cancelled",
    message: "The call was cancelled",
  });
  await assert.rejects(listen(() => channel.close()), {
    code: "cancelled",
    message: `The connection to "${server.address}" is closed`,
  });
});

overEach("a stream is tried again until its first message has come", async (start) => {
  let tries = 0;
  const { channel } = await start(bindControl({
    async *streamLogs() {
      if (++tries < 3) throw new FlwrError("unavailable", "Not yet");
      yield await Promise.resolve({ logOutput: `try ${tries}` });
    },
  }));
  const stream = channel.stream(Control.method.streamLogs, {}, { retry: { maxRetries: 5 } });
  assert.deepEqual((await Array.fromAsync(stream)).map(({ logOutput }) => logOutput), ["try 3"]);
});

for (const [transport, { serve, open }] of Object.entries(transports)) {
  Deno.test(`${transport}: large responses wait for memory, and release it after they are sent`, async () => {
    const bytes = 2 ** 20;
    const budget = () => new ByteBudget({ bytes, slowBytes: 0 });
    const budgets = { requests: budget(), responses: budget() };
    let under = 0;
    let most = 0;
    const binding = bindControl({
      async listRuns({ limit }, call) {
        await call.reserve(bytes);
        most = Math.max(most, ++under);
        call.delivered.then(() => under--);
        return { now: `${limit}`.padEnd(bytes) };
      },
      async stopRun(_request, call) {
        await call.reserve(1); // small ones do not wait
        return {};
      },
    });
    const server = await serve(binding, { budgets });
    const channel = open({ address: server.address, tls: "insecure", retry: NO_RETRY });
    const held = await budgets.responses.acquire(bytes, new AbortController().signal);
    const limits = [1n, 2n, 3n, 4n, 5n, 6n];
    const calls = limits.map((limit) => channel.call(Control.method.listRuns, { limit }));
    await channel.call(Control.method.stopRun, {});
    assert.equal(most, 0);
    held.release();
    const answers = await Promise.all(calls);
    assert.deepEqual(answers.map(({ response }) => response.now.trimEnd()), limits.map(String));
    assert.equal(most, 1);
    // Also if the caller has disconnected.
    const gone = new AbortController();
    const blocked = await budgets.responses.acquire(bytes, new AbortController().signal);
    const cancelled = channel.call(Control.method.listRuns, {}, { signal: gone.signal });
    while (budgets.responses.waiting === 0) await channel.call(Control.method.stopRun, {});
    gone.abort();
    await assert.rejects(cancelled, { code: "cancelled" });
    while (budgets.responses.waiting > 0) await channel.call(Control.method.stopRun, {});
    blocked.release();
    assert.equal(budgets.responses.free, bytes);
    channel.close();
    await server.close(1);
  });
}

for (const [transport, { serve, open }] of Object.entries(transports)) {
  Deno.test(`${transport}: a caller's address is what a trusted proxy says, and nobody else`, async () => {
    await using cleanup = new AsyncDisposableStack();
    const binding = bindControl({
      listRuns: (_, { peer, proxy }) =>
        Promise.resolve({
          now: `${peer.replace(/^127\.0\.0\.1:\d+$/, "connected")} ${proxy !== undefined}`,
        }),
    });
    const callerOf = async (ranges: readonly string[], headers: Record<string, string>) => {
      const proxies = new TrustedProxies(ranges.map(readProxyRange));
      const server = await serve(binding, { proxies });
      cleanup.defer(() => server.close(1));
      const channel = open({ address: server.address, tls: "insecure", retry: NO_RETRY });
      cleanup.defer(() => channel.close());
      const metadata = () => Promise.resolve(headers);
      return (await channel.call(Control.method.listRuns, {}, { metadata })).response.now;
    };
    const forged = { "x-forwarded-for": "127.0.0.1, 203.0.113.9", forwarded: "for=127.0.0.1" };
    assert.equal(await callerOf([], forged), "connected false");
    assert.equal(await callerOf(["192.0.2.0/24"], forged), "connected false");
    assert.equal(await callerOf(["127.0.0.0/8"], forged), "203.0.113.9:0 true");
    assert.equal(await callerOf(["127.0.0.0/8"], { forwarded: "for=1.2.3.4" }), "connected false");
    await assert.rejects(callerOf(["127.0.0.0/8"], { "x-forwarded-for": "localhost" }), {
      code: "invalid-argument",
    });
  });
}

Deno.test("a header that a caller sends and its proxy repeats is one list, over each transport", async () => {
  // HAProxy adds a line of its own after the caller's. Without it, the caller would pass for the proxy.
  const proxies = new TrustedProxies([readProxyRange("127.0.0.1")]);
  const binding = bindControl({ listRuns: (_, { peer }) => Promise.resolve({ now: peer }) });
  const forged = ["127.0.0.1", "203.0.113.9"];
  {
    const server = await serveHttp(binding, { proxies });
    using connection = await RawConnection.open(server.address);
    await connection.write(
      `POST /v1/control/list-runs HTTP/1.1\r\nHost: a\r\nContent-Type: application/protobuf\r\n` +
        forged.map((host) => `X-Forwarded-For: ${host}\r\n`).join("") +
        "Content-Length: 0\r\nConnection: close\r\n\r\n",
    );
    assert.match(await connection.readToEnd(), /203\.0\.113\.9:0/);
    await server.close(1);
  }
  const server = await serveGrpc(binding, { proxies });
  const session = connectHttp2(`http://${server.address}`);
  const stream = session.request({
    ":method": "POST",
    ":path": "/flwr.proto.Control/ListRuns",
    "content-type": "application/grpc",
    "x-forwarded-for": forged,
  });
  stream.end(Buffer.alloc(5)); // an empty message
  const answer = await Array.fromAsync(stream);
  assert.match(Buffer.concat(answer).toString("latin1"), /203\.0\.113\.9:0/);
  session.destroy();
  await server.close(1);
});
