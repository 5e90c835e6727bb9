import assert from "node:assert/strict";
import { type Context, ROOT_CONTEXT, trace, type Tracer } from "@opentelemetry/api";
import { FlwrError } from "../../../base/error.ts";
import type { OpenCall } from "../../../rpc/call.ts";
import { LinkTracing } from "./link_tracing.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

interface Recorded {
  readonly name: string;
  readonly traceId: string | undefined;
  readonly attributes: unknown;
}

/** Registers a tracer that records the names and parents of spans, for the time of `work`. */
function recorded(work: (tracing: LinkTracing) => void): Recorded[] {
  const spans: Recorded[] = [];
  const none = trace.wrapSpanContext({ traceId: TRACE, spanId: SPAN, traceFlags: 0 });
  const tracer = {
    startSpan(name: string, options: { attributes?: unknown }, parent: Context = ROOT_CONTEXT) {
      const { traceId } = trace.getSpanContext(parent) ?? {};
      spans.push({ name, traceId, attributes: options.attributes });
      return none;
    },
  } as unknown as Tracer;
  trace.setGlobalTracerProvider({ getTracer: () => tracer });
  try {
    work(new LinkTracing());
  } finally {
    trace.disable();
  }
  return spans;
}

function call(traceparent: string | undefined, isKnown = true): OpenCall {
  return {
    transport: "http",
    header: (name: string) => name === "traceparent" ? traceparent : undefined,
    ...(isKnown && { caller: undefined }),
  } as unknown as OpenCall;
}

const method = "/flwr.proto.Fleet/PushMessages";

Deno.test("a call leaves a span if its caller is known and names a sampled span", () => {
  const spans = recorded((tracing) => {
    const sampled = `00-${TRACE}-${SPAN}-01`;
    const ended = { method, seconds: 1 };
    tracing.onCallEnd({ ...ended, call: call(sampled) });
    const error = new FlwrError("not-found", "patient 7 is unknown");
    tracing.onCallEnd({ ...ended, call: call(sampled), error });
    tracing.onCallEnd({ ...ended, call: call(sampled, false) });
    tracing.onCallEnd({ ...ended, call: call(`00-${TRACE}-${SPAN}-00`) });
    tracing.onCallEnd({ ...ended, call: call(`00-${TRACE}`) });
    tracing.onCallEnd({ ...ended, call: call(undefined) });
  });
  assert.deepEqual(spans, [
    { name: method.slice(1), traceId: TRACE, attributes: { "rpc.transport": "http" } },
    {
      name: method.slice(1),
      traceId: TRACE,
      attributes: { "rpc.transport": "http", "flwr.code": "not-found" },
    },
  ]);
});

Deno.test("a run leaves a span at its end, in a trace that follows from its id", () => {
  const finished = { kind: "run-finished", state: "finished:completed", details: "" } as const;
  const runs = (runId: bigint) =>
    recorded((tracing) => {
      tracing.onEvent({ ...finished, runId: 9n });
      tracing.onEvent({ kind: "run-began", runId });
      tracing.onEvent({ ...finished, runId });
    });
  const [first, second] = [runs(1n), runs(2n)];
  assert.deepEqual(first.map(({ name }) => name), ["run"]);
  assert.deepEqual(first, runs(1n));
  assert.match(first[0]!.traceId!, /^[0-9a-f]{32}$/);
  assert.notEqual(first[0]!.traceId, second[0]!.traceId);
});
