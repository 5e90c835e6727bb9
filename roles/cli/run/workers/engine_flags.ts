import { readFlagAddress, UsageError } from "../../../flags/values.ts";

/** Who computes for the simulated nodes of a run: the SuperLink's machine, or workers that the user or a scheduler starts. */
export const ENGINES = ["local", "workers", "slurm", "ray"] as const;
export type EngineName = typeof ENGINES[number];

/** The engines that place workers themselves. */
export type SchedulerName = "slurm" | "ray";

/** Whether an engine places workers itself. */
export function isScheduler(engine: EngineName): engine is SchedulerName {
  return engine === "slurm" || engine === "ray";
}

/** Default of `--engine-wait`, in seconds. */
export const DEFAULT_WAIT_SECONDS = 600;

/** Flags of `flwr run` about workers. */
export interface EngineFlags {
  /** Who computes for simulated nodes (default: local). */
  readonly engine?: EngineName;
  /** New file for the token of the run's workers. */
  readonly tokenFile?: string;
  /** Number of workers to place (default: 1). */
  readonly workers?: number;
  /** Nodes that each worker computes at the same time (default: 1). */
  readonly nodesPerWorker?: number;
  /** "host:port" at which workers reach the SuperLink (default: the connection's). */
  readonly workerSuperlink?: string;
  /** Address of the scheduler, if it has one. */
  readonly engineAddress?: string;
  /** Options of the scheduler's own. */
  readonly engineOption?: readonly string[];
  /** Seconds in which the first worker must run (default: 600). */
  readonly engineWait?: number;
}

/** Flags that need an engine that places workers. */
const OF_SCHEDULERS: readonly (readonly [keyof EngineFlags, string])[] = [
  ["workers", "--workers"],
  ["nodesPerWorker", "--nodes-per-worker"],
  ["workerSuperlink", "--worker-superlink"],
  ["engineAddress", "--engine-address"],
  ["engineOption", "--engine-option"],
  ["engineWait", "--engine-wait"],
];

/**
 * Checks the flags about workers.
 *
 * @throws UsageError for a flag that does not belong to the engine
 */
export function checkEngineFlags(flags: EngineFlags): void {
  const { engine = "local", tokenFile, workerSuperlink } = flags;
  if (engine === "local" && tokenFile !== undefined) {
    throw new UsageError("invalid-argument", "--token-file is for simulation workers", {
      hints: ["Say that workers compute: --engine workers"],
    });
  }
  const misplaced = isScheduler(engine)
    ? undefined
    : OF_SCHEDULERS.find(([name]) => flags[name] !== undefined);
  if (misplaced !== undefined) {
    throw new UsageError(
      "invalid-argument",
      `${misplaced[1]} needs an engine that places workers`,
      { hints: ["Name one: --engine slurm or --engine ray"] },
    );
  }
  const foreign = engine === "ray"
    ? flags.engineOption !== undefined && "--engine-option"
    : flags.engineAddress !== undefined && "--engine-address";
  if (foreign) {
    throw new UsageError("invalid-argument", `${foreign} does not belong to --engine ${engine}`, {
      hints: ["Leave it out"],
    });
  }
  if (engine === "ray" && flags.engineAddress === undefined) {
    throw new UsageError("invalid-argument", "--engine ray needs --engine-address", {
      hints: ["Give the address of Ray's dashboard, for example http://127.0.0.1:8265"],
    });
  }
  if (workerSuperlink !== undefined) readFlagAddress("--worker-superlink", workerSuperlink);
}
