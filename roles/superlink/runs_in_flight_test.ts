import assert from "node:assert/strict";
import type { LinkEvent } from "../../link/events.ts";
import { RunsInFlight } from "./runs_in_flight.ts";

function about(messageId: string, runId: bigint) {
  return { messageId, runId, nodeId: 1n, messageType: "train", groupId: "1" };
}

Deno.test("runs are in flight from their first instruction to the last answer", () => {
  const runs = new RunsInFlight();
  const events: LinkEvent[] = [
    { kind: "run-created", runId: 9n },
    { kind: "instruction-pushed", instruction: about("a", 7n) },
    { kind: "instruction-pushed", instruction: about("b", 7n) },
    { kind: "instruction-handed-out", instruction: about("a", 7n), delivery: 1 },
    // An instruction of a run from before this SuperLink started.
    {
      kind: "instruction-requeued",
      instruction: about("c", 3n),
      cause: "superlink-restarted",
    },
  ];
  for (const event of events) runs.onEvent(event);
  assert.deepEqual(runs.list(), [{ runId: 3n, unanswered: 1 }, { runId: 7n, unanswered: 2 }]);
  runs.onEvent({ kind: "instruction-answered", instruction: about("a", 7n) });
  runs.onEvent({
    kind: "instruction-failed",
    instruction: about("b", 7n),
    code: 5,
    reason: "gone",
  });
  runs.onEvent({ kind: "instruction-answered", instruction: about("c", 3n) });
  assert.deepEqual(runs.list(), []);
});

Deno.test("a finished run is no longer in flight, even with unanswered instructions", () => {
  const runs = new RunsInFlight();
  runs.onEvent({ kind: "instruction-pushed", instruction: about("a", 7n) });
  runs.onEvent({ kind: "instruction-pushed", instruction: about("b", 9n) });
  runs.onEvent({ kind: "run-finished", runId: 7n, state: "finished:stopped", details: "" });
  assert.deepEqual(runs.list(), [{ runId: 9n, unanswered: 1 }]);
});
