import type { LongPollOptions } from "../transactions/long_poll.ts";
import type {
  ClaimedRun,
  LinkRun,
  LogPiece,
  NewLinkRun,
  StartedLinkRun,
} from "../../entities/run.ts";

/** Options of {@link Runs.readLog}. */
export interface LogReadOptions extends LongPollOptions {
  /** Approximate largest size of one piece, in bytes of UTF-8; default: no limit. */
  readonly bytes?: number;
}

/** Options of {@link Runs.claim}. */
export interface ClaimOptions extends LongPollOptions {
  /** The run to claim; default: the oldest pending one. */
  readonly runId?: bigint;
  /**
   * Whether the ServerApp runs as a process beside this SuperLink, and so ends with it; default false. Another SuperLink
   * on the same store then interrupts the run when this one has ended.
   */
  readonly isBeside?: boolean;
}

/** The runs of a SuperLink, with their logs and FABs. */
export interface Runs {
  /**
   * Creates a run of an app: it is "pending" until a process claims it. A finished run is kept until there are
   * limits.maxFinishedRuns newer ones.
   *
   * @throws not-found if the series, or the run to resume, does not exist; failed-precondition if a piece of the FAB's
   *   attachments is missing, or the run to resume has not finished, has no checkpoint, or belongs to another app;
   *   unavailable if the run was not stored, or may have been: the message says so
   */
  create(input: NewLinkRun): Promise<LinkRun>;
  /**
   * Makes a run for a ServerApp that is already running, claims it and begins it, so its state is "running". How long
   * it may be silent depends on its sign of life: limits.handStartedRunSeconds without a heartbeat, or
   * limits.unheardRunSeconds without instructions.
   */
  start(input: StartedLinkRun): Promise<ClaimedRun>;
  get(runId: bigint): Promise<LinkRun | undefined>;
  /** Runs, newest first. @param range `ownerId`: only those of this account */
  list(range: { limit: number; skip: number; ownerId?: string }): Promise<LinkRun[]>;
  /**
   * Claims a pending run, the given one or the oldest. It is "starting" until it begins. After limits.claimSeconds
   * without that it is "pending" again.
   */
  claim(options?: ClaimOptions): Promise<ClaimedRun | undefined>;
  /** The run of a token; undefined if the token is not, or no longer, valid. */
  ofToken(token: string): Promise<LinkRun | undefined>;
  /**
   * Begins a claimed run: it is "running" and must send a heartbeat every limits.taskTimeoutSeconds.
   *
   * @throws unauthenticated if the token is not valid; failed-precondition if the run already began
   */
  begin(token: string): Promise<LinkRun>;
  /** Heartbeat of a ServerApp. @returns false if the token is not, or no longer, valid */
  heartbeat(token: string): Promise<boolean>;
  /**
   * Ends a run on behalf of its ServerApp. Revokes the token and cancels the run's messages. A "completed" run whose
   * instructions were all answered with errors has failed.
   *
   * @throws unauthenticated if the token is not valid; failed-precondition if the run did not begin and `outcome` is
   *   "completed"
   */
  finish(
    token: string,
    end: { outcome: "completed" | "failed"; details: string },
  ): Promise<void>;
  /**
   * Stops a run of any kind. Revokes its token and cancels its messages.
   *
   * @throws not-found; failed-precondition if the run has already ended
   */
  stop(runId: bigint): Promise<void>;
  /**
   * Interrupts a running run whose process is gone: it is "pending" again, and continues from its last checkpoint. It
   * fails if it has no checkpoint and its ServerApp has already sent instructions or saved artifacts, if it was
   * interrupted limits.maxVainResumes times since its last checkpoint, or if a user started it by hand. No effect on
   * another run.
   *
   * @param reason for people, for example "The SuperLink was restarted"
   */
  interrupt(runId: bigint, reason: string): Promise<void>;
  /** Fails a run, for example because no process could be started for it. No effect on a finished run. */
  fail(runId: bigint, details: string): Promise<void>;
  /**
   * Appends output of a run's ServerApp to its log. Removes the oldest entries beyond limits.maxLogBytesPerRun. After
   * the run's end, the whole log is removed when logs of newer runs reach limits.maxFinishedLogBytes.
   *
   * @param begin if given, the text continues an unfinished line of the log, and begins with `begin` if there is none.
   *   Default: the text starts on a new line
   * @throws not-found
   */
  appendLog(runId: bigint, lines: readonly string[], begin?: string): Promise<void>;
  /**
   * Reads a run's log after a time, as soon as there is text or the run has finished.
   *
   * @param after Unix time in seconds, as in LogPiece.latest; 0 for the whole log
   * @throws not-found
   */
  readLog(runId: bigint, after: number, options?: LogReadOptions): Promise<LogPiece>;
  /** The FAB with this hash. It exists while an unfinished run uses it. */
  getFab(hash: string): Promise<Uint8Array | undefined>;
  /** The settings of a run's simulated nodes; undefined if it has none, or is finished. */
  nodeSettings(runId: bigint): Promise<Uint8Array | undefined>;
  /**
   * Stores a piece of an attachment, and reports which pieces are missing. Attachments are files that are sent
   * separately from the FAB. The stored piece, and the named ones that exist, are kept for limits.sparePieceSeconds or
   * until a FAB needs them.
   *
   * @param hashes SHA-256 of pieces, lower-case hexadecimal
   * @param content the piece to store; default: none
   * @returns the hashes of missing pieces
   * @throws invalid-argument if a hash is malformed or the piece is empty or too large; resource-exhausted if there is
   *   no room
   */
  keepPieces(hashes: readonly string[], content?: Uint8Array): Promise<string[]>;
  /** A piece that the FAB with this hash needs; undefined for any other. */
  getFabPiece(fabHash: string, hash: string): Promise<Uint8Array | undefined>;
}
