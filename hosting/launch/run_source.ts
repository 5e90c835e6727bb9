import type { GetPiece } from "../../fab/attachments.ts";
import type { NodeFaults } from "../../entities/simulation.ts";
import type { RunConfig } from "../../fab/scalar.ts";
import type { ServiceBinding } from "../../rpc/service.ts";
import type { RunEnd } from "./program.ts";

/** The input of a run: the app and its settings. */
export interface RunInput {
  /** The app's bundle, as submitted. */
  readonly fab: Uint8Array;
  /** Settings from `flwr run`, which override the bundle's own. */
  readonly overrideConfig: RunConfig;
  /** Fetches a piece of the bundle's attachments. Undefined where attachments are not supported. */
  readonly piece?: GetPiece;
  /** How the run's nodes are simulated. Undefined: they are the SuperLink's. */
  readonly simulation?: RunSimulation;
}

/** How the nodes of a run are simulated. */
export interface RunSimulation {
  /** Number of nodes. */
  readonly nodes: number;
  /** Cores that each node may use, at least 1. It limits how many work at the same time. */
  readonly cpusPerNode: number;
  /** Cores that all nodes together may use (default: all of the machine's). */
  readonly cpus?: number;
  readonly faults: NodeFaults;
  /** The settings of each node, as `NodeTable` reads them (default: none). */
  readonly nodeTable?: Uint8Array | undefined;
  /** Whether simulation workers on other machines work for the nodes (default: false). */
  readonly elsewhere?: boolean;
}

/** A claim on a run: until it is disposed of, the run's ServerApp runs here and nowhere else. */
export interface RunClaim extends AsyncDisposable {
  readonly runId: bigint;
  /** Authenticates the app's calls as those of the run. */
  readonly token: string;
  /** The token as the headers of a call. */
  readonly callHeaders: Readonly<Record<string, string>>;
  /** The Runtime API, which the app calls with that token. */
  readonly runtime: ServiceBinding;
  /** Fetches the app and its settings. @throws FlwrError when they are not available */
  load(): Promise<RunInput>;
  /** Marks the run as running. Call it once, after `load`. */
  begin(): Promise<void>;
  /** Appends lines, each with its line break, to the run's log. */
  log(lines: readonly string[]): Promise<void>;
  /** Ends the run, even if it has not begun. @throws FlwrError "unauthenticated" or "cancelled" if it has already ended */
  finish(end: RunEnd): Promise<void>;
  /**
   * The launcher stops: the run goes on later if its source can resume it, and fails otherwise. Undefined: it fails.
   *
   * @param details why, for people
   */
  interrupt?(details: string): Promise<void>;
  /** Whether a launcher that drains lets the run save its next checkpoint before it interrupts the run (default: false). */
  readonly waitsForCheckpoint?: boolean;
  /** Whether the run has ended: its app reported that, or it was ended from outside. */
  isOver(): Promise<boolean>;
  /**
   * Renews the claim with heartbeats, so that the run is not offered to another launcher.
   *
   * @param signal stops the heartbeats
   * @returns false if the run has ended, or the claim was lost
   */
  keepAlive(signal: AbortSignal): Promise<boolean>;
}

/** A source of pending runs. */
export interface RunSource {
  /**
   * Waits for a pending run and claims it.
   *
   * @returns undefined if no run was pending for a while, or the signal was aborted
   * @throws FlwrError when the source cannot be reached
   */
  claim(signal: AbortSignal): Promise<RunClaim | undefined>;
}
