import { createHash } from "node:crypto";
import {
  type Attributes,
  type Context,
  context,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
} from "@opentelemetry/api";
import type { RemoteSpan } from "./traceparent.ts";

/** The tracer of this program's spans. */
function tracer() {
  return trace.getTracer("flwr");
}

/** A context whose spans belong to a span of another process. */
export function contextOf({ traceId, spanId, isSampled }: RemoteSpan): Context {
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: true,
  });
}

/**
 * The trace of a run. Its id follows from the run's id, so that the spans of the SuperLink and of all nodes are in one
 * trace although messages of Flower carry no trace.
 */
export function contextOfRun(runId: bigint): Context {
  const digest = createHash("sha256").update(`flwr run ${runId}`).digest("hex");
  return contextOf({ traceId: digest.slice(0, 32), spanId: digest.slice(32, 48), isSampled: true });
}

/** A span of a time that has passed. */
export interface PastSpan {
  readonly name: string;
  readonly parent: Context;
  /** Milliseconds of Unix time. */
  readonly from: number;
  readonly to: number;
  readonly attributes: Attributes;
  readonly isError?: boolean;
  /** Whether it is the answer to a call of another process. */
  readonly isCall?: boolean;
}

/** Records a span of a time that has passed. */
export function recordSpan(past: PastSpan): void {
  const { name, parent, from, to, attributes, isError = false, isCall = false } = past;
  const kind = isCall ? SpanKind.SERVER : SpanKind.INTERNAL;
  const span = tracer().startSpan(name, { startTime: from, attributes, kind }, parent);
  if (isError) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end(to);
}

/** Options of {@link inSpan}. */
export interface SpanOptions<T> {
  readonly attributes?: Attributes;
  /** Default: the context of the work around it. */
  readonly parent?: Context;
  /** Whether a result tells of an error (default: none does). Nothing of an error's text goes into the span. */
  readonly isError?: (result: T) => boolean;
}

/** Does work within a span. The calls that it makes name the span in their header "traceparent". */
export async function inSpan<T>(
  name: string,
  work: () => Promise<T>,
  { attributes = {}, parent = context.active(), isError = () => false }: SpanOptions<T> = {},
): Promise<T> {
  const span = tracer().startSpan(name, { attributes }, parent);
  try {
    const result = await context.with(trace.setSpan(parent, span), work);
    if (isError(result)) span.setStatus({ code: SpanStatusCode.ERROR });
    return result;
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    span.end();
  }
}
