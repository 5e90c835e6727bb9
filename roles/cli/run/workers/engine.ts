/** The workers of a run to place on the machines of a scheduler. */
export interface WorkerOrder {
  readonly runId: bigint;
  /** The words with which a worker is started, the program first. They contain no secret. */
  readonly words: readonly string[];
  /** Number of workers. */
  readonly count: number;
  /** Cores of each worker. */
  readonly cpus: number;
  /** GPUs of each worker; may be 0. */
  readonly gpus: number;
  /** A folder of the user's that only the user can read, for scripts and logs. */
  readonly folder: string;
}

/** How many workers are where. */
export interface WorkerCounts {
  readonly pending: number;
  readonly running: number;
  /** Workers that have ended, for whatever reason. */
  readonly ended: number;
  /** Why the scheduler does not start those that are pending, in its words; may be empty. */
  readonly reason: string;
}

/** Workers that a scheduler has accepted. */
export interface PlacedWorkers {
  /** What the scheduler calls them: "Slurm job 5". */
  readonly name: string;
  /** How the user ends them. */
  readonly toCancel: string;
  /**
   * Asks the scheduler.
   *
   * @throws FlwrError when it does not answer, which says nothing about the workers
   */
  counts(): Promise<WorkerCounts>;
  /** Ends those that have not ended. */
  cancel(): Promise<void>;
  /** The end of what a worker printed that has ended; may be empty. */
  output(): Promise<string>;
}

/** A scheduler that places workers. */
export interface Engine {
  /** @throws FlwrError when it cannot be reached from here */
  check(): Promise<void>;
  /** @throws FlwrError with the scheduler's reason for refusing them. None is left then */
  place(order: WorkerOrder): Promise<PlacedWorkers>;
}
