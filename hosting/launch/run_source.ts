import type { GetPiece } from "../../fab/attachments.ts";
import type { RunConfig } from "../../fab/scalar.ts";
import type { ServiceBinding } from "../../rpc/service.ts";
import type { RunEnd } from "./program.ts";

/** What a run begins with. */
export interface RunInput {
  /** The app's bundle, as it was submitted. */
  readonly fab: Uint8Array;
  /** Settings given at submission, which override the bundle's own. */
  readonly overrideConfig: RunConfig;
  /** Gets a piece of the bundle's attachments; undefined where runs come without them. */
  readonly piece?: GetPiece;
}

/** A run that was taken on: its ServerApp is run here, and nowhere else, until it is disposed of. */
export interface TakenRun extends AsyncDisposable {
  readonly runId: bigint;
  /** By which the app's calls are known to be the run's. */
  readonly token: string;
  /** The token as the headers of a call. */
  readonly callHeaders: Readonly<Record<string, string>>;
  /** The Runtime API, for the app's calls with that token. */
  readonly runtime: ServiceBinding;
  /** Gets the app and its settings. @throws FlwrError when they are not to be had */
  load(): Promise<RunInput>;
  /** The app is about to begin; once, after `load`. */
  begin(): Promise<void>;
  /** Adds lines, each with its end, to the run's log. */
  log(lines: readonly string[]): Promise<void>;
  /** Ends the run, whether it has begun or not. @throws FlwrError "unauthenticated" or "cancelled" when it has ended already */
  finish(end: RunEnd): Promise<void>;
  /** Whether the run has ended, by its app's own word or from outside. */
  isOver(): Promise<boolean>;
  /**
   * Keeps the run from being given to somebody else.
   *
   * @param signal ends that
   * @returns whether it was kept: false when the run has ended, or is not this program's any more
   */
  keep(signal: AbortSignal): Promise<boolean>;
}

/** Where runs to take on come from. */
export interface RunSource {
  /**
   * Waits for a run and takes it on.
   *
   * @returns undefined when none came for a while, or the signal was aborted
   * @throws FlwrError when there is no asking now
   */
  take(signal: AbortSignal): Promise<TakenRun | undefined>;
}
