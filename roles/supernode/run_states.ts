import { RecordDict } from "../../app/record_dict.ts";
import { MAX_KEPT_RUNS } from "./limits.ts";

/** What the ClientApp keeps from message to message, per run. It outlives the app's worker. */
export class RunStates {
  readonly #byRun = new Map<bigint, RecordDict>();

  /** The run's state; empty for a run not seen before. */
  get(runId: bigint): RecordDict {
    return this.#byRun.get(runId) ?? new RecordDict();
  }

  /** Keeps a run's state; when there are too many runs, the one unused for longest is forgotten. */
  set(runId: bigint, state: RecordDict): void {
    this.#byRun.delete(runId);
    this.#byRun.set(runId, state);
    for (const oldest of this.#byRun.keys()) {
      if (this.#byRun.size <= MAX_KEPT_RUNS) break;
      this.#byRun.delete(oldest);
    }
  }
}
