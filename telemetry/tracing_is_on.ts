/** Where OpenTelemetry's API of version 1 looks for the tracer that a program or its platform has registered. */
const REGISTERED = Symbol.for("opentelemetry.js.api.1");

/**
 * Whether something receives traces. Deno registers its own tracer with OTEL_DENO=true. Without one, nothing of
 * OpenTelemetry needs to be loaded.
 */
export function tracingIsOn(): boolean {
  return REGISTERED in globalThis;
}
