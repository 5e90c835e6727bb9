import type { RunId } from "../../../entities/metadata.ts";
import type { Clock } from "../../../base/clock.ts";
import { log } from "../../../base/log.ts";
import type { Runs } from "./prepared_run.ts";

/** How often a node asks whether the run that it works for goes on, in seconds; a short piece of work never asks. */
export const RUN_CHECK_SECONDS = 5;

/** A look at a run while one of its messages is worked on. */
export interface RunWatch extends Disposable {
  /** Aborted when the run is over. */
  readonly over: AbortSignal;
}

/**
 * Asks the SuperLink now and then whether a run goes on, so that a node does not train for one that was stopped. A
 * SuperLink that cannot say is not believed to have stopped it.
 */
export function watchRun(runs: Runs, runId: RunId, clock: Clock): RunWatch {
  const over = new AbortController();
  const done = new AbortController();
  const watch = async () => {
    for (;;) {
      await clock.sleep(RUN_CHECK_SECONDS, done.signal);
      if (done.signal.aborted) return;
      const isOver = await runs.isOver(runId).catch((error) => {
        log("supernode").debug("Run {runId} could not be looked at: {error}", { runId, error });
        return false;
      });
      if (isOver && !done.signal.aborted) over.abort(new DOMException("Run is over", "AbortError"));
    }
  };
  watch();
  return { over: over.signal, [Symbol.dispose]: () => done.abort() };
}
