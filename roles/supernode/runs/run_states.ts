import { RecordDict } from "../../../app/record_dict.ts";
import { RecentMap } from "../../../base/recent_map.ts";

/** How many runs a node knows, and of how many it keeps the state; beyond it the one unused for longest goes. */
export const MAX_KEPT_RUNS = 64;

/** What the ClientApp keeps from message to message, per series of runs. It outlives the app's worker. */
export class RunStates {
  readonly #byKey = new RecentMap<string, RecordDict>(MAX_KEPT_RUNS);

  /** The state under a key; empty for one not seen before. */
  get(key: string): RecordDict {
    return this.#byKey.get(key) ?? new RecordDict();
  }

  /** Forgets what a run that belongs to no series kept. */
  endRun(runId: bigint): void {
    this.#byKey.delete(stateKey(runId, undefined));
  }

  /** Keeps a state; when there are too many, the one unused for longest is forgotten. */
  set(key: string, state: RecordDict): void {
    this.#byKey.set(key, state);
  }
}

/** The key of a run's state: runs of one series share it, a run that belongs to none has its own. */
export function stateKey(runId: bigint, seriesId: bigint | undefined): string {
  return seriesId === undefined || seriesId === 0n ? `run ${runId}` : `series ${seriesId}`;
}
