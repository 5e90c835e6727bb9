import { logVerbosity, setLogVerbosity } from "@grpc/grpc-js";

/**
 * Keeps grpc-js from writing to stderr, because we get its errors as errors too. GRPC_VERBOSITY, which enables its
 * log for debugging, still works.
 */
export function silenceGrpc(): void {
  if (Deno.env.get("GRPC_VERBOSITY") === undefined) setLogVerbosity(logVerbosity.NONE);
}
