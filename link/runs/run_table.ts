import type { LifeSign, LinkRun } from "../../entities/run.ts";

/** A run as it is kept. */
export interface RunRecord extends LinkRun {
  /** SHA-256 of the token that speaks for the run's ServerApp, in hexadecimal; undefined while there is none. */
  readonly tokenHash?: string;
  /** How the ServerApp shows that it is alive once it has begun. */
  readonly lifeSign: LifeSign;
  /** Unix time in seconds at which the claim, or the patience for the next heartbeat, ends; undefined for never. */
  readonly dueAt?: number;
  /** Bytes of UTF-8 that are kept of a finished run's log; undefined while it has not finished. */
  readonly logBytes?: number;
  /** Bytes of a finished run's artifacts that are kept; undefined while it has not finished. */
  readonly artifactBytes?: number;
}

/** What is kept of a finished run beside the run itself, and can go before it. */
export type RunKeepsake = "log" | "artifacts";

/** What the finished runs of a store amount to. */
export interface FinishedRuns {
  readonly runs: number;
  /** The sum of their `logBytes`. */
  readonly logBytes: number;
  /** The sum of their `artifactBytes`. */
  readonly artifactBytes: number;
}

/** What is added up over a run. */
export interface Traffic {
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly clientAppSeconds: number;
}

/** The runs of a store. */
export interface RunTable {
  get(runId: bigint): Promise<RunRecord | undefined>;
  byToken(tokenHash: string): Promise<RunRecord | undefined>;
  /** The newest first. */
  list(limit: number, skip: number): Promise<RunRecord[]>;
  /** The run in state "pending" that was added first. */
  oldestPending(): Promise<RunRecord | undefined>;
  hasSeries(seriesId: bigint): Promise<boolean>;
  /** Whether a run that has not finished is of the app bundle. */
  needsFab(fabHash: string): Promise<boolean>;
  /** All runs that have a `dueAt`. */
  launched(): Promise<RunRecord[]>;
  /** All runs in state "running" that have no `dueAt`. */
  unwatched(): Promise<RunRecord[]>;
  /** What all runs that have finished amount to. */
  finished(): Promise<FinishedRuns>;
  /** The run that finished first, or the first of those that have a byte of what is named. */
  firstFinished(having?: RunKeepsake): Promise<RunRecord | undefined>;
  /** Runs whose `dueAt` is not after `now`, the most urgent first. */
  due(now: number, limit: number): Promise<RunRecord[]>;
  /** Adds the run or replaces the one with its id. */
  put(run: RunRecord): Promise<void>;
  /** Removes a run that has no messages, pushes and log entries any more. */
  remove(runId: bigint): Promise<void>;
  /** Adds to what a run that is there has added up. */
  addTraffic(runId: bigint, traffic: Traffic): Promise<void>;
}

/** What a run's ServerApp wrote at one time. */
export interface LogEntry {
  /** Unix time in seconds; no two entries of a run have the same. */
  readonly at: number;
  /** How many UTF-8 bytes the run's entries have up to the end of this one, removed ones included. */
  readonly end: number;
  readonly text: string;
}

/** Where a run's log ends. */
export interface LogEnd extends Pick<LogEntry, "at" | "end"> {
  /** Whether it ends with a line. */
  readonly endsLine: boolean;
}

/** The logs of a store's runs. */
export interface LogTable {
  /** Bytes of UTF-8 that the run's entries have together. */
  size(runId: bigint): Promise<number>;
  /** The time and end of the run's last entry. */
  last(runId: bigint): Promise<LogEnd | undefined>;
  /**
   * The run's entries after a time, in order.
   *
   * @param bytes how many come with the first one: no more than so many bytes of UTF-8; Infinity for all
   */
  since(runId: bigint, after: number, bytes?: number): Promise<LogEntry[]>;
  /** Adds an entry, later than all others of the run. */
  add(runId: bigint, entry: LogEntry): Promise<void>;
  /**
   * Removes the run's entries that end at or before this count of bytes.
   *
   * @param begin put before the first entry that stays, where the last one that goes ends within a line
   */
  trim(runId: bigint, end: number, begin: string): Promise<void>;
  /**
   * Removes the run's first entries: about so many where each takes its time, or all.
   *
   * @returns whether any is left
   */
  removeFirst(runId: bigint, count: number): Promise<boolean>;
}

/** The app bundles of a store, by the SHA-256 of their bytes. */
export interface FabTable {
  has(hash: string): Promise<boolean>;
  get(hash: string): Promise<Uint8Array | undefined>;
  /** Adds a bundle that is not there yet. */
  add(hash: string, content: Uint8Array): Promise<void>;
  remove(hash: string): Promise<void>;
}
