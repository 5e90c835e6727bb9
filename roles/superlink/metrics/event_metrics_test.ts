import assert from "node:assert/strict";
import { FakeClock } from "../../../base/clock.ts";
import { writeExposition } from "../../../telemetry/exposition.ts";
import { readOpenMetrics } from "../../../telemetry/testing/read_openmetrics.ts";
import { EventMetrics } from "./event_metrics.ts";

function measured() {
  const clock = new FakeClock();
  const metrics = new EventMetrics(clock);
  const read = (name: string, labels: Record<string, string> = {}) => {
    const families = readOpenMetrics(writeExposition(metrics.metrics, "openmetrics"));
    const samples = [...families.values()].flatMap(({ samples }) => samples);
    const wanted = Object.entries(labels);
    return samples.find((sample) =>
      sample.name === name && wanted.every(([label, value]) => sample.labels[label] === value)
    )?.value;
  };
  return { clock, metrics, read };
}

Deno.test("a run's wait and duration are measured, an interruption included", async () => {
  const { clock, metrics, read } = measured();
  metrics.onEvent({ kind: "run-created", runId: 1n });
  await clock.advance(4);
  metrics.onEvent({ kind: "run-began", runId: 1n });
  await clock.advance(10);
  metrics.onEvent({ kind: "run-interrupted", runId: 1n, reason: "" });
  metrics.onEvent({ kind: "run-began", runId: 1n });
  await clock.advance(10);
  metrics.onEvent({ kind: "run-finished", runId: 1n, state: "finished:failed", details: "" });
  // Of another SuperLink, or from before the start: no duration is known.
  metrics.onEvent({ kind: "run-finished", runId: 2n, state: "finished:completed", details: "" });
  assert.equal(read("flwr_run_wait_seconds_sum"), 4);
  assert.equal(read("flwr_run_wait_seconds_count"), 1);
  assert.equal(read("flwr_run_duration_seconds_sum", { outcome: "failed" }), 20);
  assert.equal(read("flwr_run_duration_seconds_count", { outcome: "completed" }), undefined);
  assert.equal(read("flwr_runs_finished_total", { outcome: "completed" }), 1);
  assert.equal(read("flwr_runs_interrupted_total"), 1);
});

Deno.test("an answer is timed from the last hand-out, and a requeued one from the next", async () => {
  const { clock, metrics, read } = measured();
  const instruction = {
    messageId: "m",
    runId: 1n,
    nodeId: 2n,
    messageType: "train.x",
    groupId: "",
  };
  metrics.onEvent({ kind: "instruction-handed-out", instruction, delivery: 1 });
  await clock.advance(100);
  metrics.onEvent({ kind: "instruction-requeued", instruction, cause: "returned" });
  metrics.onEvent({ kind: "instruction-handed-out", instruction, delivery: 2 });
  const handedOutAt = clock.now();
  await clock.advance(5);
  metrics.onEvent({
    kind: "instruction-answered",
    instruction,
    times: { pushedAt: 0, handedOutAt },
    appSeconds: 0,
  });
  // Answered without being handed out: by a node that had pulled it from another SuperLink.
  metrics.onEvent({
    kind: "instruction-answered",
    instruction,
    times: { pushedAt: 0 },
    appSeconds: 0,
  });
  const error = { code: 4, reason: "the app threw" };
  metrics.onEvent({
    kind: "instruction-answered",
    instruction,
    times: { pushedAt: 0 },
    appSeconds: 0,
    error,
  });
  const train = { message_type: "train" };
  assert.equal(read("flwr_instruction_answer_seconds_sum", train), 5);
  assert.equal(read("flwr_instruction_answer_seconds_count", train), 1);
  const events = (event: string) =>
    read("flwr_instruction_events_total", { event, message_type: "train" });
  assert.deepEqual(
    ["handed_out", "redelivered", "requeued", "answered"].map(events),
    [1, 1, 1, 2],
  );
  const failed = { event: "failed", message_type: "train", reason: "4" };
  assert.equal(read("flwr_instruction_events_total", failed), 1, "an error is no answer");
});

Deno.test("a node that takes over did not join anew, and one that leaves for good is forgotten", () => {
  const { metrics, read } = measured();
  metrics.onEvent({ kind: "node-joined", nodeId: 1n, takeover: false });
  metrics.onEvent({ kind: "node-joined", nodeId: 1n, takeover: true });
  metrics.onEvent({ kind: "node-left", nodeId: 1n, forgotten: true });
  metrics.onEvent({ kind: "node-left", nodeId: 2n, forgotten: false });
  const to = (to: string) => read("flwr_node_transitions_total", { to });
  assert.deepEqual(["joined", "taken_over", "forgotten", "left", "offline"].map(to), [
    1,
    1,
    1,
    1,
    0,
  ]);
});
