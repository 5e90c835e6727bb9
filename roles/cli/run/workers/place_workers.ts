import { isLocalAddress, type SuperLinkConnection } from "../../config/connection.ts";
import type { SimulationSettings } from "../../config/simulation_settings.ts";
import type { Engine, PlacedWorkers } from "./engine.ts";
import { type EngineFlags, isScheduler, type SchedulerName } from "./engine_flags.ts";
import { RayEngine } from "./ray.ts";
import { RAY_TOKEN_VARIABLE, RayJobs } from "./ray_jobs.ts";
import { SlurmEngine } from "./slurm.ts";
import { programWords, workerWords } from "./worker_command.ts";
import { workersFolder } from "./worker_token.ts";

export { removeToken, WorkerToken } from "./worker_token.ts";
export { WorkerWatch } from "./watch_workers.ts";
export { shellLine } from "../../../flags/shell_line.ts";
export { workerWords } from "./worker_command.ts";

/** The scheduler of the flags. Undefined if none places workers. */
export function engineOf(flags: EngineFlags): Engine | undefined {
  const { engine = "local" } = flags;
  return isScheduler(engine) ? SCHEDULERS[engine](flags) : undefined;
}

/** Each of the engines that place workers, with its flags. */
const SCHEDULERS: Readonly<Record<SchedulerName, (flags: EngineFlags) => Engine>> = {
  slurm: ({ engineOption: sbatchOptions = [] }) => new SlurmEngine({ sbatchOptions }),
  ray: ({ engineAddress: address = "" }) =>
    new RayEngine(new RayJobs({ address, token: Deno.env.get(RAY_TOKEN_VARIABLE) || undefined })),
};

/** The run that workers are placed for. */
export interface RunToPlace {
  readonly runId: bigint;
  readonly connection: SuperLinkConnection;
  readonly tokenFile: string;
  /** The given settings of the simulation: cores and GPUs of a node. */
  readonly simulation: SimulationSettings;
}

/** Places the workers of a run. @throws FlwrError with the scheduler's reason for refusing them */
export async function placeWorkers(
  engine: Engine,
  { runId, connection, tokenFile, simulation }: RunToPlace,
  { workers: count = 1, nodesPerWorker: slots = 1, workerSuperlink: address }: EngineFlags,
): Promise<PlacedWorkers> {
  const folder = workersFolder();
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  const words = [...programWords(), ...workerWords({ connection, address, tokenFile, slots })];
  const { clientResourcesNumCpus: cpus = 1, clientResourcesNumGpus: gpus = 0 } = simulation;
  return await engine.place({
    ...{ runId, words, count, folder },
    cpus: slots * cpus,
    gpus: Math.ceil(slots * gpus),
  });
}

/** A note for the user if workers on other machines cannot reach the SuperLink. Undefined if they may. */
export function reachNote(
  connection: SuperLinkConnection,
  { workerSuperlink: address = connection.address }: EngineFlags,
): string | undefined {
  if (!isLocalAddress(address)) return undefined;
  return `Only workers on this machine reach the SuperLink at ${address}. For others, start one that listens on an ` +
    "address of the network, or name that address with --worker-superlink";
}
