import { create } from "@bufbuild/protobuf";
import type { Clock } from "../../../../base/clock.ts";
import { isFinished, unknownRun } from "../../../../entities/run.ts";
import type { Link } from "../../../../link/link.ts";
import {
  type StreamRunEventsRequest,
  type StreamRunEventsResponse,
  StreamRunEventsResponseSchema,
} from "../../../../proto/gen/current/control_pb.ts";
import { ApiError } from "../../../api_error.ts";
import { MAX_HOLD_SECONDS } from "../limits.ts";
import { recordToWire } from "../task_event.ts";

/** Seconds between two reads of a stream that follows a run, because events come in bursts. */
const PAUSE_SECONDS = 0.1;

/** Records that are in memory for a stream: each may have 32 KiB, and one account may open many streams. */
const PAGE_RECORDS = 200;

/** The records of a run, from the journal: those that exist, then those that follow until the run has ended. */
export async function* streamRunEvents(
  link: Pick<Link, "runs" | "journal">,
  clock: Clock,
  { runId, afterTaskEventId = 0n, existingOnly }: StreamRunEventsRequest,
  signal: AbortSignal,
): AsyncGenerator<StreamRunEventsResponse, void, undefined> {
  let after = Number(afterTaskEventId);
  let holdSeconds = 0;
  for (let isFirst = true; !signal.aborted; isFirst = false) {
    // Read before the records: once the run has ended, it gets no more.
    const run = await link.runs.get(runId);
    if (run === undefined && isFirst) throw new ApiError("run-not-found", unknownRun(runId));
    // Its records went with it.
    if (run === undefined) return;
    const isLast = existingOnly || isFinished(run.state);
    const page = isLast
      ? await link.journal.since(after, { runId, limit: PAGE_RECORDS })
      : await link.journal.next(after, { runId, limit: PAGE_RECORDS, holdSeconds, signal });
    for (const record of page.records) {
      yield create(StreamRunEventsResponseSchema, { taskEvent: recordToWire(record, run.taskId) });
    }
    after = page.position;
    if (page.more) continue;
    if (isLast) return;
    holdSeconds = MAX_HOLD_SECONDS;
    if (page.records.length > 0) await clock.sleep(PAUSE_SECONDS, signal);
  }
}
