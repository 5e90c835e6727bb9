import { FlwrError } from "../../../base/error.ts";
import { UndecodableRequest } from "../../../rpc/answer.ts";
import { ApiError, type ApiErrorName } from "../../../rpc/api_error.ts";
import type { CallEnd } from "../../../rpc/call_end.ts";
import { RequestFault } from "../../../rpc/request_fault.ts";
import { CallCounter } from "./call_counter.ts";
import { Counter } from "../../../telemetry/counter.ts";
import { Histogram } from "../../../telemetry/histogram.ts";
import { type Metric, OTHER } from "../../../telemetry/metric.ts";

/** Bounds in seconds, of 10 buckets with the last. */
const CALL_SECONDS = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 5, 30];

/**
 * Methods whose durations have series of their own: those that nodes and ServerApps call for each message. PullMessages
 * is held until there is something to pull. The others of an API share a series.
 */
const TIMED: ReadonlySet<string> = new Set([
  "fleet PullMessages",
  "fleet PushMessages",
  "fleet PullObject",
  "fleet PushObject",
  "fleet SendNodeHeartbeat",
  "runtime PullMessages",
  "runtime PushMessages",
]);

/** The same calls in Flower 1.9, which has other names for them. */
const TIMED_AS: Readonly<Record<string, string>> = {
  "fleet PullTaskIns": "PullMessages",
  "fleet PushTaskRes": "PushMessages",
  "fleet Ping": "SendNodeHeartbeat",
};

/** Calls that last as long as their caller likes, such as following a log. Their durations say nothing. */
const UNTIMED: ReadonlySet<string> = new Set(["control StreamLogs", "control StreamRunEvents"]);

/** Reasons of refusals that have names of their own on the wire. */
const REASONS: Partial<Record<ApiErrorName, string>> = {
  "task-token-invalid": "token",
  "clock-off": "time",
  "node-superseded": "superseded",
  "public-key-invalid": "unknown_key",
  "activation-refused": "unknown_key",
  "registration-by-node-refused": "unknown_key",
  "not-logged-in": "not_logged_in",
};

/** A method as labels name it. */
interface MethodLabels {
  readonly api: string;
  readonly method: string;
  /** Labels of its durations; undefined if they are not measured. */
  readonly timed: readonly [api: string, method: string] | undefined;
}

/** Metrics of the calls that a SuperLink answers. */
export class CallMetrics {
  readonly #calls = new CallCounter();
  readonly #seconds = new Histogram(
    {
      name: "flwr_call_duration_seconds",
      help:
        "Time from the headers of a call to its response; PullMessages is held until there is work",
      labels: ["api", "method"],
    },
    CALL_SECONDS,
    14,
  );
  readonly #refusals = new Counter({
    name: "flwr_auth_refusals",
    help: "Calls refused because their caller did not prove who it is",
    labels: ["reason"],
  }, 8).declare("unauthenticated").declare("unknown_key");
  /** By path. Only methods of services are called, so their number is that of the APIs' methods. */
  readonly #labels = new Map<string, MethodLabels>();

  readonly metrics: readonly Metric[] = [this.#calls, this.#seconds, this.#refusals];

  /** Counts a call. */
  onCallEnd({ method: path, seconds, error }: Omit<CallEnd, "call">): void {
    let labels = this.#labels.get(path);
    if (labels === undefined) {
      labels = labelsOf(path);
      this.#labels.set(path, labels);
    }
    if (labels.timed !== undefined) this.#seconds.observe(labels.timed, seconds);
    if (error === undefined) return this.#calls.succeeded(labels.api, labels.method);
    this.#calls.failed(labels.api, labels.method, codeOf(error));
    const reason = refusalOf(error);
    if (reason !== undefined) this.#refusals.add([reason]);
  }
}

/** @param path "/flwr.proto.Fleet/Ping" */
function labelsOf(path: string): MethodLabels {
  const [, service = "", method = ""] = /([^./]+)\/([^/]+)$/.exec(path) ?? [];
  // Exec is the name of Control up to Flower 1.20.
  const api = service === "Exec" ? "control" : service.toLowerCase();
  const name = `${api} ${method}`;
  const apart = TIMED_AS[name] ?? (TIMED.has(name) ? method : OTHER);
  return {
    api,
    method,
    timed: UNTIMED.has(name) ? undefined : [api, apart],
  };
}

function codeOf(error: unknown): string {
  if (error instanceof UndecodableRequest) return "undecodable";
  if (error instanceof RequestFault) return "malformed";
  return FlwrError.from(error).code;
}

function refusalOf(error: unknown): string | undefined {
  const reason = error instanceof ApiError ? REASONS[error.api] : undefined;
  if (reason !== undefined) return reason;
  return error instanceof FlwrError && error.code === "unauthenticated"
    ? "unauthenticated"
    : undefined;
}
