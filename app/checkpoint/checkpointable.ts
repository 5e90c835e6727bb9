import { FlwrError } from "../../base/error.ts";
import type { RecordDict } from "../record_dict.ts";

/** A strategy whose state a checkpoint can contain. */
export interface Checkpointable {
  /** A copy of all state that the next round depends on, except for the model: moments, random state. */
  saveState(): RecordDict;
  /**
   * Restores the state of {@link saveState}.
   *
   * @throws FlwrError "failed-precondition" if the state is of a strategy with other options
   */
  loadState(state: RecordDict): void;
  /**
   * Whether each training must be saved before anything else happens, whatever the user's `every` says: one that is
   * repeated costs privacy again (default: false).
   */
  readonly savesEachRound?: boolean;
  /** What the strategy counts of the private data that it has released (default: nothing). */
  saveReleases?(): RecordDict;
  /** Replaces what is counted by what {@link saveReleases} returned in an interrupted round. @throws FlwrError as above */
  loadReleases?(releases: RecordDict): void;
}

/** An error for a checkpoint that does not fit the app. */
export function misfit(problem: string, hint: string): FlwrError {
  return new FlwrError(
    "failed-precondition",
    `The checkpoint does not fit this app: ${problem}`,
    { hints: [hint, "Or start a new run, without a checkpoint"] },
  );
}

/** An error for a checkpoint of another strategy than the one that is started. */
export function otherStrategy(saved: string, started: string): FlwrError {
  return misfit(
    `it is of strategy ${saved}, and the app starts ${started}`,
    `Start ${saved} in the app`,
  );
}
