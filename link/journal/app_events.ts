import { FlwrError } from "../../base/error.ts";
import type { AppEvent } from "../../entities/journal.ts";
import { isFinished, unknownRun } from "../../entities/run.ts";
import { hasShape, isAppKind } from "./app_event_shapes.ts";
import type { JournalContext } from "./context.ts";
import { record } from "./record.ts";

/** Largest number of events in a call. */
const MAX_EVENTS = 1000;

/** Largest data of an event, in bytes of JSON. */
const MAX_DATA_BYTES = 32 * 1024;

/**
 * What a ServerApp may report between two trims, as a multiple of what the journal keeps of its run. It is a guard
 * against apps that fill the disk: those that report rounds need less than a tenth.
 */
const MOST_BETWEEN_TRIMS = 4;

/** See Journal.add. */
export async function addEvents(
  context: JournalContext,
  runId: bigint,
  events: readonly AppEvent[],
): Promise<void> {
  const bytes = requireEvents(events);
  if (events.length === 0) return;
  const { added, limits } = context;
  if (added.bytesOf(runId) + bytes > MOST_BETWEEN_TRIMS * limits.maxJournalBytesPerRun) {
    throw new FlwrError(
      "resource-exhausted",
      `Run "${runId}" reports too much: try again in ${limits.journalTrimSeconds} s`,
    );
  }
  // Relaxed, because events are not worth a sync, and a later durable transaction makes them last.
  await context.transact("relaxed", async (tx, effects) => {
    const run = await tx.runs.get(runId);
    if (run === undefined) throw new FlwrError("not-found", unknownRun(runId));
    if (isFinished(run.state)) {
      throw new FlwrError("failed-precondition", `Run "${runId}" has ended: ${run.state}`);
    }
    await record(context, tx, effects, events.map((event) => ({ ...event, runId })));
    added.addBytes(effects, runId, bytes);
  });
}

/** @returns the bytes of their data. @throws invalid-argument */
function requireEvents(events: readonly AppEvent[]): number {
  if (events.length > MAX_EVENTS) {
    throw new FlwrError(
      "invalid-argument",
      `Too many events in a call: ${events.length}, at most ${MAX_EVENTS}`,
    );
  }
  let total = 0;
  for (const { kind, data } of events) {
    const bytes = isAppKind(kind) && hasShape(kind, data) ? bytesOf(data) : Infinity;
    total += bytes;
    if (bytes <= MAX_DATA_BYTES) continue;
    throw new FlwrError(
      "invalid-argument",
      `The data of an event "${String(kind).slice(0, 50)}" are not as its kind requires`,
    );
  }
  return total;
}

function bytesOf(data: object): number {
  return new TextEncoder().encode(JSON.stringify(data)).length;
}
