import type { Logger } from "@logtape/logtape";
import { logOutcome } from "./answer.ts";
import type { OpenCall } from "./call.ts";
import type { CallWatch } from "./call_watch.ts";

/** How a call ended. */
export interface CallEnd {
  /** Full path of the method in gRPC's form, "/flwr.proto.Fleet/Ping". */
  readonly method: string;
  /** Time from the request's headers to the response, or to the end of a streamed one; hold included. */
  readonly seconds: number;
  readonly call: OpenCall;
  /** Undefined if it succeeded. */
  readonly error?: unknown;
}

/** Called at the end of each call. Must not throw. */
export type OnCallEnd = (end: CallEnd) => void;

/** Logs and reports the end of a call, and tells `watch` of one that failed before its caller was identified. */
export type CallEnding = (call: OpenCall, error?: unknown, watch?: CallWatch) => void;

/** Starts to time a call, if its end is reported. */
export function callEnding(log: Logger, onCallEnd: OnCallEnd | undefined): CallEnding {
  const begun = onCallEnd === undefined ? 0 : performance.now();
  return (call, error, watch) => {
    logOutcome(log, call, error, watch);
    const seconds = (performance.now() - begun) / 1000;
    onCallEnd?.({ method: call.method, call, seconds, error });
  };
}
