import { FlwrError } from "../../../base/error.ts";
import type { LinkEvent } from "../../../link/events.ts";
import type { CallEnd } from "../../../rpc/call_end.ts";
import { readTraceparent } from "../../../telemetry/traceparent.ts";
import { contextOf, contextOfRun, recordSpan } from "../../../telemetry/tracing.ts";
import { OpenTimes } from "./open_times.ts";

/** Traces of a SuperLink: a span for each run, and for each call whose caller names a span of its own. */
export class LinkTracing {
  readonly #began = new OpenTimes<bigint>();

  /** Records the span of a call. A caller that did not prove who it is leaves none. */
  onCallEnd({ call, method, seconds, error }: CallEnd): void {
    if (!("caller" in call)) return;
    const remote = readTraceparent(call.header("traceparent"));
    if (remote === undefined || !remote.isSampled) return;
    const to = Date.now();
    recordSpan({
      name: method.slice(1),
      parent: contextOf(remote),
      from: to - seconds * 1000,
      to,
      isCall: true,
      isError: error !== undefined,
      attributes: {
        "rpc.transport": call.transport,
        ...(error !== undefined && { "flwr.code": FlwrError.from(error).code }),
      },
    });
  }

  /** Records the span of a run at its end. */
  onEvent(event: LinkEvent): void {
    if (event.kind === "run-began" && !this.#began.has(event.runId)) {
      this.#began.set(event.runId, Date.now());
    }
    if (event.kind !== "run-finished") return;
    const { runId, state } = event;
    const from = this.#began.take(runId);
    if (from === undefined) return;
    recordSpan({
      name: "run",
      parent: contextOfRun(runId),
      from,
      to: Date.now(),
      isError: state === "finished:failed",
      attributes: { "flwr.run_id": `${runId}`, "flwr.state": state },
    });
  }
}
