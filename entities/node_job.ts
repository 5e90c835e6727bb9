/** The work of one virtual node on one instruction, as the SuperLink hands it to a simulation worker. */
export interface NodeJob {
  /** Number of the job among those of its run, from 1. */
  readonly jobId: number;
  /** SHA-256 of the content, lower-case hexadecimal. */
  readonly contentId: string;
  /** The instruction's content, which many jobs share. */
  readonly content: Uint8Array;
  /** All else that the work depends on. */
  readonly input: Uint8Array;
}

/** Why a worker gets no job: the run is over, or the SuperLink does not know the worker. */
export type NoJob = "ended" | "unknown";

/** How long a worker's call may wait. */
export interface Hold {
  readonly holdSeconds: number;
  /** Ends the wait because the caller has gone. */
  readonly signal: AbortSignal;
}

/** Most simulation workers of one run at the same time. */
export const MAX_WORKERS_PER_RUN = 1024;

/** Most nodes that one simulation worker computes at the same time. */
export const MAX_NODES_PER_WORKER = 256;

/** The token of a run's simulation workers: the run's id, and 256 random bits as `secret`. */
export const WORKER_TOKEN: RegExp = /^(?<runId>\d{1,20})\.(?<secret>[0-9a-f]{64})$/;

/** Most characters of a worker's reason for not computing a node. */
export const MAX_BROKEN_REASON_LENGTH = 2000;
