import type { RunId } from "../../../entities/metadata.ts";
import { type Clock, WOKEN } from "../../../base/clock.ts";
import { log } from "../../../base/log.ts";
import type { NodeRuns } from "./prepared_run.ts";

/** Seconds between two checks whether the current message's run is over. */
export const RUN_CHECK_SECONDS = 5;

/** A watch on a run while one of its messages is handled. */
export interface RunWatch extends Disposable {
  /** Aborted when the run is over. */
  readonly over: AbortSignal;
}

/**
 * Asks the SuperLink at intervals whether a run is over, so that a node does not go on training for a stopped run. If the
 * SuperLink cannot be reached, the run counts as continuing.
 */
export function watchRun(runs: NodeRuns, runId: RunId, clock: Clock): RunWatch {
  const over = new AbortController();
  const done = new AbortController();
  const watch = async () => {
    for (;;) {
      await clock.sleep(RUN_CHECK_SECONDS, done.signal);
      if (done.signal.aborted) return;
      const isOver = await runs.isOver(runId).catch((error) => {
        log("supernode").debug("Could not check run {runId}: {error}", { runId, error });
        return false;
      });
      if (isOver && !done.signal.aborted) over.abort(new DOMException("Run is over", "AbortError"));
    }
  };
  watch();
  return { over: over.signal, [Symbol.dispose]: () => done.abort(WOKEN) };
}
