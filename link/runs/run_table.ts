import type { LifeSign, LinkRun } from "../../entities/run.ts";

/** A stored run. */
export interface RunRecord extends Omit<LinkRun, "isElsewhere">, InternalRunFields {}

/** Fields of a stored run that callers do not see. */
export interface InternalRunFields {
  /** SHA-256 of the token of the run's ServerApp, in hexadecimal; undefined while it has none. */
  readonly tokenHash?: string;
  /** How the ServerApp shows that it is alive after it has begun. */
  readonly lifeSign: LifeSign;
  /** Unix time in seconds at which the claim or the heartbeat times out; undefined for never. */
  readonly dueAt?: number;
  /** How often the run was interrupted since its last checkpoint; undefined for never. */
  readonly vainResumes?: number;
  /** Unix time in seconds at which the ServerApp sent its first instruction. */
  readonly firstSentAt?: number;
  /**
   * SuperLink that runs the ServerApp as a process beside itself, which ends with it; undefined if it runs elsewhere.
   * See ServerRecord.
   */
  readonly serverId?: bigint;
  /** Number of results among the replies; undefined for runs that began before they were counted. */
  readonly results?: number;
  /** Number of errors among the replies. */
  readonly errors?: number;
  /** Node of the last error. */
  readonly lastErrorNodeId?: bigint;
  /** Beginning of the reason of the last error. */
  readonly lastError?: string;
  /** Size of a finished run's stored log, in bytes of UTF-8; undefined until it finishes. */
  readonly logBytes?: number;
  /** Size of a finished run's stored artifacts, in bytes; undefined until it finishes. */
  readonly artifactBytes?: number;
}

/** Data of a finished run that can be removed before the run. */
export type RemovableRunData = "log" | "artifacts";

/** Totals over the finished runs of a store. */
export interface FinishedRuns {
  readonly runs: number;
  /** The sum of their `logBytes`. */
  readonly logBytes: number;
  /** The sum of their `artifactBytes`. */
  readonly artifactBytes: number;
}

/** Traffic of a run, as totals. */
export interface Traffic {
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly clientAppSeconds: number;
}

/** An error reply. */
export interface ReplyError {
  readonly nodeId: bigint;
  readonly reason: string;
}

/** Table of runs. */
export interface RunTable {
  get(runId: bigint): Promise<RunRecord | undefined>;
  byToken(tokenHash: string): Promise<RunRecord | undefined>;
  /** Runs, newest first. @param ownerId only those of this account */
  list(limit: number, skip: number, ownerId?: string): Promise<RunRecord[]>;
  /** The "pending" run that was added first. */
  oldestPending(): Promise<RunRecord | undefined>;
  hasSeries(seriesId: bigint): Promise<boolean>;
  /** Whether an unfinished run uses the FAB. */
  needsFab(fabHash: string): Promise<boolean>;
  /** All runs with a `dueAt`. */
  withDueTime(): Promise<RunRecord[]>;
  /** All "running" runs without a `dueAt`. */
  withoutDueTime(): Promise<RunRecord[]>;
  /** Totals over all finished runs. */
  finished(): Promise<FinishedRuns>;
  /** The run that finished first. @param having only runs that still have such data */
  firstFinished(having?: RemovableRunData): Promise<RunRecord | undefined>;
  /** Runs with `dueAt` ≤ `now`, earliest first. */
  due(now: number, limit: number): Promise<RunRecord[]>;
  /** Adds a run, or replaces the run with the same id. */
  put(run: RunRecord): Promise<void>;
  /** Removes a run. It must have no messages, pushes or log entries. */
  remove(runId: bigint): Promise<void>;
  /**
   * Adds to the totals of an existing run.
   *
   * @param results number of results to add, if the run's replies are counted; default 0
   */
  addTraffic(runId: bigint, traffic: Traffic, results?: number): Promise<void>;
  /** Counts an error of a run whose replies are counted. */
  addError(runId: bigint, error: ReplyError): Promise<void>;
  /** The "running" runs with this `serverId`. */
  runBy(serverId: bigint): Promise<RunRecord[]>;
}

/** One entry of a run's log. */
export interface LogEntry {
  /** Unix time in seconds; unique within a run. */
  readonly at: number;
  /** UTF-8 bytes of all entries up to the end of this one, including removed entries. */
  readonly end: number;
  readonly text: string;
}

/** End of a run's log. */
export interface LogEnd extends Pick<LogEntry, "at" | "end"> {
  /** Whether the log ends with a line break. */
  readonly endsLine: boolean;
}

/** Table of run logs. */
export interface LogTable {
  /** Total size of the run's entries, in bytes of UTF-8. */
  size(runId: bigint): Promise<number>;
  /** Time and end of the run's last entry. */
  last(runId: bigint): Promise<LogEnd | undefined>;
  /**
   * The run's entries after a time, in order.
   *
   * @param bytes largest size of the entries after the first one, in bytes of UTF-8; default Infinity
   */
  since(runId: bigint, after: number, bytes?: number): Promise<LogEntry[]>;
  /** Adds an entry. Its time must be after all others of the run. */
  add(runId: bigint, entry: LogEntry): Promise<void>;
  /**
   * Removes the run's entries that end at or before this count of bytes. If all entries are removed, nothing is known
   * about the log, not even its last entry.
   *
   * @param begin prefix for the first remaining entry if the last removed one ends within a line
   */
  trim(runId: bigint, end: number, begin: string): Promise<void>;
  /**
   * Removes about `count` of the run's first entries, or all if that costs nothing.
   *
   * @returns whether entries remain
   */
  removeFirst(runId: bigint, count: number): Promise<boolean>;
}

/** Table of FABs, by the SHA-256 of their bytes. */
export interface FabTable {
  has(hash: string): Promise<boolean>;
  get(hash: string): Promise<Uint8Array | undefined>;
  /** Adds a FAB. It must not exist. */
  add(hash: string, content: Uint8Array): Promise<void>;
  remove(hash: string): Promise<void>;
}
