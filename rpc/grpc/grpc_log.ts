import { logVerbosity, setLogVerbosity } from "@grpc/grpc-js";

/**
 * Keeps grpc-js from writing to stderr: what it has to say comes to us as errors too. GRPC_VERBOSITY, which turns
 * its log on for debugging, is left in force.
 */
export function silenceGrpc(): void {
  if (Deno.env.get("GRPC_VERBOSITY") === undefined) setLogVerbosity(logVerbosity.NONE);
}
