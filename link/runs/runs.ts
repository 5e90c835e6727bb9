import type { HoldOptions } from "../transactions/hold.ts";
import type {
  ClaimedRun,
  LinkRun,
  LogPiece,
  NewLinkRun,
  StartedLinkRun,
} from "../../entities/run.ts";

/** How a log is read. */
export interface LogReadOptions extends HoldOptions {
  /** About how many bytes of UTF-8 one piece has at most; all by default. */
  readonly bytes?: number;
}

/** The runs of a SuperLink, with their logs and the app bundles that they run. */
export interface Runs {
  /**
   * Makes a run of an app: it is "pending" until someone claims it. A run that has finished is kept until there are
   * limits.maxFinishedRuns newer ones.
   *
   * @throws not-found for a series that no run is of; failed-precondition when the FAB is not there
   */
  create(input: NewLinkRun): Promise<LinkRun>;
  /**
   * Makes a run for a ServerApp that runs already, claims it and begins it, so that it is "running". How long it may be
   * silent depends on its sign of life: limits.handStartedRunSeconds without a heartbeat, or limits.unheardRunSeconds
   * without instructions.
   */
  start(input: StartedLinkRun): Promise<ClaimedRun>;
  get(runId: bigint): Promise<LinkRun | undefined>;
  /** The newest first. @param range how many, after skipping how many */
  list(range: { limit: number; skip: number }): Promise<LinkRun[]>;
  /**
   * Takes on a pending run, the oldest, or the given one: it is "starting" then. Who does not begin it within
   * limits.claimSeconds loses it, and it is "pending" again.
   */
  claim(options?: HoldOptions & { runId?: bigint }): Promise<ClaimedRun | undefined>;
  /** The run that a token speaks for; undefined for a token that is not, or no longer, good. */
  ofToken(token: string): Promise<LinkRun | undefined>;
  /**
   * The ServerApp begins: the run is "running", and has limits.taskTimeoutSeconds for each heartbeat.
   *
   * @returns the run
   * @throws unauthenticated for a token that is not good; failed-precondition when it began before
   */
  begin(token: string): Promise<LinkRun>;
  /** The ServerApp is alive. @returns false for a token that is not, or no longer, good */
  heartbeat(token: string): Promise<boolean>;
  /**
   * The ServerApp ends its run; the token is void then, and what is left of the run's messages goes. A completed run
   * whose instructions were all answered with errors has failed.
   *
   * @throws unauthenticated for a token that is not good; failed-precondition when a run that has not begun is said
   *   to be completed
   */
  finish(
    token: string,
    end: { outcome: "completed" | "failed"; details: string },
  ): Promise<void>;
  /**
   * Ends a run from outside, whoever started it: its token is void, its messages go.
   *
   * @throws not-found; failed-precondition when it has finished
   */
  stop(runId: bigint): Promise<void>;
  /** Ends a run that no process could be started for. Without effect on a finished one. */
  fail(runId: bigint, details: string): Promise<void>;
  /**
   * Keeps what a run's ServerApp wrote; the oldest goes beyond limits.maxLogBytesPerRun, and with the run's end the whole
   * log when those of newer runs are as large as limits.maxFinishedLogBytes.
   *
   * @param begin what the first line begins with where the log does not end within a line: there it goes on with that
   *   line. undefined: the first line is one of its own
   * @throws not-found
   */
  appendLog(runId: bigint, lines: readonly string[], begin?: string): Promise<void>;
  /**
   * What a run's ServerApp wrote after a time, as soon as there is something, or the run has finished.
   *
   * @param after Unix time in seconds, as LogPiece.latest; 0 for everything
   * @throws not-found
   */
  readLog(runId: bigint, after: number, options?: LogReadOptions): Promise<LogPiece>;
  /** The FAB of that hash: there is one as long as a run that has not finished is of it. */
  getFab(hash: string): Promise<Uint8Array | undefined>;
  /**
   * Keeps a piece of an attachment, a file that travels beside a FAB, until a run's FAB needs it or
   * limits.sparePieceSeconds have passed, and the named ones that are there as long.
   *
   * @param hashes SHA-256 of pieces, lower-case hexadecimal
   * @param content one piece; default: none
   * @returns those of the named ones that are not there
   * @throws invalid-argument for a piece that is empty or too large; resource-exhausted when there is no room
   */
  keepPieces(hashes: readonly string[], content?: Uint8Array): Promise<string[]>;
  /** A piece that the FAB of that hash needs; undefined for any other. */
  getFabPiece(fabHash: string, hash: string): Promise<Uint8Array | undefined>;
}
