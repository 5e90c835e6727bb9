import type { Changes } from "./model/changes.ts";
import type { EventPage } from "./model/event.ts";
import type { NodeRow } from "./model/node.ts";
import type { Overview } from "./model/overview.ts";
import type { NodeResult, NodeSeries, PhaseName, Rounds } from "./model/rounds.ts";
import type { LogChunk, RunDetails, RunPage } from "./model/run.ts";

/** Where a dashboard gets its data: a SuperLink in the same process, or one elsewhere. */
export interface DashboardSource {
  overview(): Promise<Overview>;
  /** Runs, newest first. */
  runs(range: { readonly skip: number; readonly limit: number }): Promise<RunPage>;
  /** @throws FlwrError "not-found" */
  run(id: bigint): Promise<RunDetails>;
  /**
   * The next piece of a run's log.
   *
   * @param after LogChunk.position of the previous piece; 0 for the start
   * @param options `hold`: wait a few seconds for text
   * @throws FlwrError "not-found"
   */
  log(
    id: bigint,
    after: number,
    options?: { readonly hold?: boolean; readonly signal?: AbortSignal },
  ): Promise<LogChunk>;
  /** A file of a run. @throws FlwrError "not-found" */
  artifact(id: bigint, name: string): Promise<ArtifactContent>;
  /** The rounds of a run from a number on. @throws FlwrError "not-found" */
  rounds(id: bigint, from: number): Promise<Rounds>;
  /** What the nodes did in a round, slowest first. @throws FlwrError "not-found" */
  round(id: bigint, round: number): Promise<readonly NodeResult[]>;
  /** The values of a metric on single nodes. @throws FlwrError "not-found" */
  series(id: bigint, phase: PhaseName, metric: string): Promise<NodeSeries>;
  nodes(): Promise<readonly NodeRow[]>;
  /**
   * Events, newest first.
   *
   * @param before EventPage.position of the previous page; Infinity for the newest
   * @param run only those of a run; default: all
   */
  events(before: number, run?: bigint): Promise<EventPage>;
  /** @throws FlwrError "not-found"; "failed-precondition" if the run has ended */
  stop(id: bigint): Promise<void>;
  /**
   * Starts a run again.
   *
   * @param settings TOML: lines of `name = value`
   * @returns the id of the new run
   * @throws FlwrError "not-found"; "invalid-argument" for wrong settings; "failed-precondition" if the app is not there
   */
  runAgain(id: bigint, settings: string): Promise<bigint>;
  /** Calls a function with each change, until the signal is aborted. Never rejects. */
  follow(onChange: (changes: Changes) => void, signal: AbortSignal): Promise<void>;
}

/** The content of a file. */
export interface ArtifactContent {
  /** In bytes. */
  readonly size: number;
  readonly pieces: () => AsyncGenerator<Uint8Array, void, void>;
}
