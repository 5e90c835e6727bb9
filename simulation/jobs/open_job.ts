import type { NodeJob } from "../../entities/node_job.ts";
import type { FlwrError } from "../../base/error.ts";

/** The answer to a job. */
export interface JobAnswer {
  readonly output: Uint8Array;
  /** Says that the output is on its way. Until then the worker's call stays open, and its bytes stay counted. */
  readonly taken: () => void;
}

/** A job that was not answered yet. */
export interface OpenJob {
  readonly job: NodeJob;
  readonly answer: (answer: JobAnswer) => void;
  readonly fail: (error: FlwrError) => void;
  /** Number of workers that have had it. */
  hands: number;
  /** Number of workers that have it. */
  holders: number;
  /** When a worker last got it. */
  handedAt: number;
  /** Ids of the workers that could not do it. They do not get it again. */
  readonly brokenBy: Set<string>;
  /** Whether it waits for a worker that has not failed at it, for a limited time. */
  isHeld: boolean;
}
