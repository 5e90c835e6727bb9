/** A run in a list. Ids are decimal text, times Unix seconds. */
export interface RunRow {
  readonly id: string;
  /** "publisher/name". */
  readonly app: string;
  readonly appVersion: string;
  /** "pending", "starting", "running", "finished:completed", "finished:failed" or "finished:stopped". */
  readonly state: string;
  /** Whether it completed, but a node contributed nothing. */
  readonly isIncomplete: boolean;
  /** Why the run ended; may be empty. */
  readonly details: string;
  readonly pendingAt: number;
  readonly runningAt?: number;
  readonly finishedAt?: number;
  /** The round that began last, and how many there are; undefined if unknown. */
  readonly round?: number;
  readonly rounds?: number;
}

/** A page of runs, newest first. */
export interface RunPage {
  readonly runs: readonly RunRow[];
  /** Whether there are older ones. */
  readonly more: boolean;
}

/** A run with everything that its page shows at once. */
export interface RunDetails extends RunRow {
  readonly federation: string;
  readonly fabHash: string;
  readonly startingAt?: number;
  readonly isSimulated: boolean;
  readonly nodeCount?: number;
  /** How often it was interrupted and went on. */
  readonly resumes: number;
  readonly resumedFrom?: string;
  /** The settings that the user gave at the start. */
  readonly settings: readonly Setting[];
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly clientAppSeconds: number;
  readonly artifacts: readonly ArtifactRow[];
  readonly artifactsRemovedAt?: number;
  readonly logRemovedAt?: number;
  /** Why the run cannot be started again; undefined if it can. */
  readonly whyNotAgain?: string;
}

/** A setting of a run. */
export interface Setting {
  readonly name: string;
  readonly type: "boolean" | "integer" | "number" | "text" | "bytes";
  /** The value as a user types it. */
  readonly value: string;
}

/** A file that a run's ServerApp saved. */
export interface ArtifactRow {
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  readonly sha256: string;
  readonly savedAt: number;
}

/** A piece of a run's log. */
export interface LogChunk {
  readonly text: string;
  /** Where the next piece starts: the time of the last entry, in Unix seconds. */
  readonly position: number;
  /** Whether this is the end of a finished run's log. */
  readonly isEnd: boolean;
}
