import type { AccountIdentity } from "./account.ts";
import type { SimulationSettings } from "./simulation.ts";

/** How a run ended (Flower's sub-status). */
export type RunOutcome = "completed" | "failed" | "stopped";

/** State of a run; `finished` includes how it ended. */
export type RunState = "pending" | "starting" | "running" | `finished:${RunOutcome}`;

/** Whether the run has ended. */
export function isFinished(state: RunState): boolean {
  return state.startsWith("finished:");
}

/** Whether the SuperLink accepts messages and artifacts of the run. */
export function takesMessages(state: RunState): boolean {
  return state === "running";
}

/** A value of a run's configuration: bigint for whole numbers, number for floating-point ones. */
export type LinkScalar = boolean | bigint | number | string | Uint8Array;

/** The only federation of a SuperLink without accounts, as in Flower. Every node and every run is in it. */
export const DEFAULT_FEDERATION = "@none/default";

/** A run to create. */
export interface NewLinkRun {
  /** "publisher/name". */
  readonly fabId: string;
  readonly fabVersion: string;
  /** The app. */
  readonly fab: {
    /** SHA-256 of the content, lower-case hexadecimal. */
    readonly hash: string;
    readonly content: Uint8Array;
    /** SHA-256 of the pieces of its attachments, which must be stored already. */
    readonly pieces?: readonly string[];
  };
  /** Run configuration that overrides the FAB's. */
  readonly overrideConfig?: Readonly<Record<string, LinkScalar>>;
  /** Default "@none/default", the only federation of a Flower SuperLink without accounts. */
  readonly federation?: string;
  /** Id of an existing series to which the run belongs; default: a new series. */
  readonly seriesId?: bigint;
  /** How its nodes are simulated; default: they are the SuperLink's. */
  readonly simulation?: SimulationSettings;
  /** The settings of its simulated nodes, as `countTableNodes` describes; default: none. */
  readonly nodeSettings?: Uint8Array;
  /** The finished run of the same app whose last checkpoint the run goes on from; default: none. */
  readonly resumeFrom?: bigint;
  /** Who submits it; default: nobody, on a SuperLink without accounts. */
  readonly owner?: AccountIdentity;
}

/** How the ServerApp of a run shows that it is alive: the wire of Flower 1.9 has no heartbeats. */
export type LifeSign = "heartbeats" | "instructions";

/** A run that its ServerApp creates itself, because a user started the ServerApp by hand. */
export interface StartedLinkRun extends Pick<NewLinkRun, "fabId" | "fabVersion"> {
  readonly lifeSign: LifeSign;
}

/** A run as callers see it. Times are Unix times in seconds. */
export interface LinkRun {
  readonly runId: bigint;
  readonly fabId: string;
  readonly fabVersion: string;
  /** Empty for a run that was started by hand. */
  readonly fabHash: string;
  readonly overrideConfig: Readonly<Record<string, LinkScalar>>;
  readonly federation: string;
  readonly seriesId: bigint;
  /** Id of the run's only task, its ServerApp. */
  readonly taskId: bigint;
  readonly state: RunState;
  /** Why the run ended, for people; may be empty. */
  readonly details: string;
  readonly pendingAt: number;
  /** When its ServerApp was last claimed. */
  readonly startingAt?: number;
  /** When its ServerApp began for the first time. An interruption does not change it. */
  readonly runningAt?: number;
  readonly finishedAt?: number;
  /** How often the run was interrupted and went on; undefined for never. */
  readonly resumes?: number;
  /** The run whose checkpoints the run goes on from. */
  readonly resumedFrom?: bigint;
  /** How its nodes are simulated; undefined if they are the SuperLink's. */
  readonly simulation?: SimulationSettings;
  /** Id of the account that submitted it; undefined without accounts. */
  readonly ownerId?: string;
  /** The name that this account had then. */
  readonly ownerName?: string;
  /** Whether another SuperLink of the same store runs its ServerApp, or did until that SuperLink ended. */
  readonly isElsewhere?: true;
  /** When the log was removed because of limits.maxFinishedLogBytes. */
  readonly logRemovedAt?: number;
  /** When the artifacts were removed because of limits.maxFinishedArtifactBytes. */
  readonly artifactsRemovedAt?: number;
  /** Bytes of objects that the SuperLink sent to nodes and ServerApp. */
  readonly bytesSent: number;
  /** Bytes of objects that the SuperLink received from nodes and ServerApp. */
  readonly bytesReceived: number;
  /** Seconds that ClientApps worked for the run, as the sum over all replies. */
  readonly clientAppSeconds: number;
}

/** A piece of a run's log. */
export interface LogPiece {
  /** Text written after the requested time, with the writer's line breaks. */
  readonly text: string;
  /** Unix time in seconds of the last entry, or the requested time. Pass it to the next call. */
  readonly latest: number;
  /** Whether more text is available now, beyond the requested size. */
  readonly more: boolean;
  /** Whether the log ends with a line break at this point. True for an empty log. */
  readonly endsLine: boolean;
  /** Whether the run has finished and this piece is the last. */
  readonly finished: boolean;
}

/** Error text for a run that the store does not have. The SuperLink cannot tell whether it ever existed. */
export function unknownRun(runId: bigint): string {
  return `Run ${runId} is unknown, or was removed because it finished long ago`;
}

/** Advice at the end of an error's message, because a second submission would start a second run. */
const MAY_HAVE_STARTED = 'The run may have started: look with "flwr ls" before you try again';

/** Adds to the message of a failed submission that the run may have started, unless it says so already. */
export function mayHaveStarted(message: string): string {
  return message.endsWith(MAY_HAVE_STARTED) ? message : `${message}. ${MAY_HAVE_STARTED}`;
}

/** A run with the token for its ServerApp. */
export interface ClaimedRun {
  readonly run: LinkRun;
  /** Token of the run's ServerApp, 256 hexadecimal digits. The SuperLink stores only its hash. */
  readonly token: string;
}
