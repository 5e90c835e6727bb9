import assert from "node:assert/strict";
import { FlwrError } from "../../../base/error.ts";
import { UndecodableRequest } from "../../../rpc/answer.ts";
import { ApiError } from "../../../rpc/api_error.ts";
import { HttpRefusal } from "../../../rpc/http/refusal.ts";
import { writeExposition } from "../../../telemetry/exposition.ts";
import { readOpenMetrics } from "../../../telemetry/testing/read_openmetrics.ts";
import { CallMetrics } from "./call_metrics.ts";

function series(metrics: CallMetrics, family: string): [string, number][] {
  const families = readOpenMetrics(writeExposition(metrics.metrics, "openmetrics"));
  return families.get(family)!.samples
    .filter(({ name }) => /_(total|count)$/.test(name))
    .map(({ labels, value }) => [Object.values(labels).join(" "), value]);
}

Deno.test("calls count by result, and their durations by method, older names as today's", () => {
  const metrics = new CallMetrics();
  const call = (path: string, error?: unknown) =>
    metrics.onCallEnd({ method: `/flwr.proto.${path}`, seconds: 0.02, error });
  call("Fleet/PullMessages");
  call("Fleet/PullMessages", new FlwrError("cancelled", ""));
  call("Fleet/PullTaskIns");
  call("Exec/StreamLogs");
  call("Control/ListRuns", new HttpRefusal(413, "large"));
  call("Runtime/PushLogs", new UndecodableRequest("no"));
  call("Runtime/PushLogs", new ApiError("task-token-invalid", ""));
  call("Fleet/Ping", new FlwrError("unauthenticated", ""));
  call("Fleet/Ping", new TypeError("bug"));
  assert.deepEqual(series(metrics, "flwr_calls"), [
    ["fleet PullMessages ok", 1],
    ["fleet PullTaskIns ok", 1],
    ["control StreamLogs ok", 1],
    ["fleet PullMessages cancelled", 1],
    ["control ListRuns malformed", 1],
    ["runtime PushLogs undecodable", 1],
    ["runtime PushLogs unauthenticated", 1],
    ["fleet Ping unauthenticated", 1],
    ["fleet Ping internal", 1],
  ]);
  assert.deepEqual(series(metrics, "flwr_call_duration_seconds"), [
    ["fleet PullMessages", 3],
    ["control other", 1],
    ["runtime other", 2],
    ["fleet SendNodeHeartbeat", 2],
  ]);
  assert.deepEqual(series(metrics, "flwr_auth_refusals"), [
    ["unauthenticated", 1],
    ["unknown_key", 0],
    ["token", 1],
  ]);
});

Deno.test("however many errors strangers cause, successful calls have their series", () => {
  const metrics = new CallMetrics();
  for (let i = 0; i < 100; i++) {
    const error = new FlwrError("not-found", "");
    metrics.onCallEnd({ method: `/flwr.proto.Fleet/M${i}`, seconds: 0, error });
  }
  metrics.onCallEnd({ method: "/flwr.proto.Fleet/PushMessages", seconds: 0 });
  const calls = series(metrics, "flwr_calls");
  assert.deepEqual(calls[0], ["fleet PushMessages ok", 1]);
  assert.deepEqual(calls.at(-1), ["other other other", 60]);
  assert.equal(calls.length, 42);
});
