import { RecordDict } from "../../../app/record_dict.ts";
import { RecentMap } from "../../../base/recent_map.ts";

/** Most runs, and most states, that a node remembers. The least recently used one is forgotten. */
export const MAX_KEPT_RUNS = 64;

/** States that ClientApps keep between messages, per series of runs. They outlive the app's worker. */
export class RunStates {
  readonly #byKey = new RecentMap<string, RecordDict>(MAX_KEPT_RUNS);

  /** The state of a key; empty for a new key. */
  get(key: string): RecordDict {
    return this.#byKey.get(key) ?? new RecordDict();
  }

  /** Forgets the state of a run that belongs to no series. */
  endRun(runId: bigint): void {
    this.#byKey.delete(stateKey(runId, undefined));
  }

  /** Stores a state. Beyond the limit, the least recently used one is forgotten. */
  set(key: string, state: RecordDict): void {
    this.#byKey.set(key, state);
  }
}

/** The key of a run's state. Runs of one series share it; a run without a series has its own. */
export function stateKey(runId: bigint, seriesId: bigint | undefined): string {
  return seriesId === undefined || seriesId === 0n ? `run ${runId}` : `series ${seriesId}`;
}
