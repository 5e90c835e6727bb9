import { FlwrError } from "../../base/error.ts";
import type { AppEvent } from "../../entities/journal.ts";
import { isFinished, unknownRun } from "../../entities/run.ts";
import { hasShape, isAppKind } from "./app_event_shapes.ts";
import type { JournalContext } from "./context.ts";
import { record } from "./record.ts";

/** Largest number of events in a call. */
const MAX_EVENTS = 1000;

/** See Journal.add. */
export async function addEvents(
  context: JournalContext,
  runId: bigint,
  events: readonly AppEvent[],
): Promise<void> {
  requireEvents(events);
  if (events.length === 0) return;
  // Relaxed, because events are not worth a sync, and a later durable transaction makes them last.
  await context.transact("relaxed", async (tx, effects) => {
    const run = await tx.runs.get(runId);
    if (run === undefined) throw new FlwrError("not-found", unknownRun(runId));
    if (isFinished(run.state)) {
      throw new FlwrError("failed-precondition", `Run "${runId}" has ended: ${run.state}`);
    }
    await record(context, tx, effects, events.map((event) => ({ ...event, runId })));
  });
}

/** @throws invalid-argument */
function requireEvents(events: readonly AppEvent[]): void {
  if (events.length > MAX_EVENTS) {
    throw new FlwrError(
      "invalid-argument",
      `Too many events in a call: ${events.length}, at most ${MAX_EVENTS}`,
    );
  }
  for (const { kind, data } of events) {
    if (isAppKind(kind) && hasShape(kind, data)) continue;
    throw new FlwrError(
      "invalid-argument",
      `The data of an event "${String(kind).slice(0, 50)}" are not as its kind requires`,
    );
  }
}
