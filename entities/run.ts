/** Why a run ended (Flower's sub-statuses). */
export type RunOutcome = "completed" | "failed" | "stopped";

/** Where a run is in its life; `finished` carries how it ended. */
export type RunState = "pending" | "starting" | "running" | `finished:${RunOutcome}`;

/** Whether the run has ended, however it did. */
export function isFinished(state: RunState): boolean {
  return state.startsWith("finished:");
}

/** Whether messages of the run are taken. */
export function takesMessages(state: RunState): boolean {
  return state === "running";
}

/** A value of a run's configuration: bigint for whole numbers, number for floating-point ones. */
export type LinkScalar = boolean | bigint | number | string | Uint8Array;

/** What a run is made from. */
export interface NewLinkRun {
  /** "publisher/name". */
  readonly fabId: string;
  readonly fabVersion: string;
  /** The FAB that the run runs. */
  readonly fab: {
    /** SHA-256 of the content, lower-case hexadecimal. */
    readonly hash: string;
    readonly content: Uint8Array;
    /** SHA-256 of the pieces of its attachments, which must be there. */
    readonly pieces?: readonly string[];
  };
  /** Settings that differ from the FAB's own. */
  readonly overrideConfig?: Readonly<Record<string, LinkScalar>>;
  /** Default "@none/default", the only one that an open SuperLink of Flower has. */
  readonly federation?: string;
  /** The series to go on with; a new one by default. */
  readonly seriesId?: bigint;
}

/** How the ServerApp of a run shows that it is alive: the wire of Flower 1.9 has no heartbeats. */
export type LifeSign = "heartbeats" | "instructions";

/** A run that its ServerApp makes itself: a user started it by hand. */
export interface StartedLinkRun extends Pick<NewLinkRun, "fabId" | "fabVersion"> {
  /** How the ServerApp will show that it is alive. */
  readonly lifeSign: LifeSign;
}

/** A run as the SuperLink knows it. Times are Unix times in seconds. */
export interface LinkRun {
  readonly runId: bigint;
  readonly fabId: string;
  readonly fabVersion: string;
  /** Empty for a run that was started by hand. */
  readonly fabHash: string;
  readonly overrideConfig: Readonly<Record<string, LinkScalar>>;
  readonly federation: string;
  readonly seriesId: bigint;
  /** Id of the one task that a run has here: its ServerApp. */
  readonly taskId: bigint;
  readonly state: RunState;
  /** Why the run ended as it did, for people; empty while there is nothing to say. */
  readonly details: string;
  readonly pendingAt: number;
  readonly startingAt?: number;
  readonly runningAt?: number;
  readonly finishedAt?: number;
  /** When its log was removed, for there were newer ones enough: see limits.maxFinishedLogBytes. */
  readonly logRemovedAt?: number;
  /** When its artifacts were removed, for there were newer ones enough: see limits.maxFinishedArtifactBytes. */
  readonly artifactsRemovedAt?: number;
  /** Bytes of objects that nodes and ServerApp got from, and gave to, the SuperLink. */
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Seconds that ClientApps worked for the run, summed over all replies. */
  readonly clientAppSeconds: number;
}

/** What a run's ServerApp wrote. */
export interface LogPiece {
  /** What was written since the time asked for, joined as it came: line ends are the writer's. */
  readonly text: string;
  /** Unix time in seconds of the last of it, or the time asked for: ask again from there. */
  readonly latest: number;
  /** Whether more is there already: this is as much as was asked for. */
  readonly more: boolean;
  /** Whether the log ends with a line there. One without anything does. */
  readonly endsLine: boolean;
  /** Whether nothing more will come: the run has finished. */
  readonly finished: boolean;
}

/** What is said of a run that is not there: nobody can tell whether it ever was. */
export function unknownRun(runId: bigint): string {
  return `Run ${runId} is unknown, or older than the runs that the SuperLink keeps`;
}

/** A run with the token for its ServerApp. */
export interface ClaimedRun {
  readonly run: LinkRun;
  /** 256 hexadecimal digits: whoever has it speaks for the run's ServerApp. The SuperLink keeps only its hash. */
  readonly token: string;
}
