/** Traces of a federation, as a collector of OpenTelemetry gets them. */
import assert from "node:assert/strict";
import { startServerApp, startSuperLink, startSuperNode } from "../support/flwr.ts";
import { scenario } from "../support/stage.ts";

interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly kind: number;
  readonly status?: { readonly code?: number };
}

/** Collects the spans that processes send by OTLP in JSON. */
function collect() {
  const spans: Span[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      const body = await request.json();
      for (const { scopeSpans } of body.resourceSpans ?? []) {
        for (const { scope, spans: sent } of scopeSpans) {
          if (scope?.name === "flwr") spans.push(...sent);
        }
      }
      return Response.json({});
    },
  );
  return {
    spans,
    env: {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${server.addr.port}`,
    },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

scenario("a run is one trace, with the work of its nodes and their calls", async (stage) => {
  await using collector = collect();
  const { env, spans } = collector;
  const superLink = await startSuperLink({ stage, env });
  // Over HTTP and over gRPC.
  const nodes = [superLink.http, superLink.fleet].map((fleet, node) =>
    startSuperNode({ stage, fleet, node: node + 1, env })
  );
  for (const node of nodes) await node.waitForEvent("joined");
  const app = startServerApp({
    stage,
    driver: superLink.driver,
    result: stage.path("result"),
    rounds: 1,
  });
  assert.equal((await app.ended(60)).code, 0);
  // What is left to send is sent at the end.
  for (const process of [...nodes, superLink.process]) await process.end("SIGTERM");

  const named = (name: string) => spans.filter((span) => span.name === name);
  const [run, ...more] = named("run");
  assert.ok(run !== undefined && more.length === 0, JSON.stringify(spans));
  // Heartbeats and pulls belong to no run: Deno gives each a trace of its own.
  const inRun = spans.filter(({ traceId }) => traceId === run.traceId);
  const ofRun = ["instruction", "pull", "push", "train", "evaluate"];
  assert.ok(spans.every((span) => !ofRun.includes(span.name) || inRun.includes(span)));
  const instructions = named("instruction");
  assert.ok(instructions.length >= 4, JSON.stringify(spans));
  for (const instruction of instructions) {
    const parts = spans.filter(({ parentSpanId }) => parentSpanId === instruction.spanId)
      .map(({ name }) => name);
    assert.deepEqual([parts.includes("pull"), parts.includes("push")], [true, true]);
  }
  assert.ok(named("train").length === 2 && named("evaluate").length === 2);
  // The calls of a push name the push, or the span that Deno made of the request within it.
  const calls = inRun.filter(({ name }) => name === "flwr.proto.Fleet/PushMessages");
  assert.ok(calls.length >= 4, JSON.stringify(spans));
  assert.ok(calls.every(({ kind, parentSpanId }) => kind === 2 && parentSpanId !== ""));
});
