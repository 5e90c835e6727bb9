import { registerTrainer } from "../cores/trainer_slot.ts";
import type { Compute, ComputeSettings } from "../engine/compute.ts";
import type { StartEngine } from "../engine/engine.ts";
import { WorkerEngine } from "./worker_engine.ts";

const startWorker: StartEngine = ({ threads, device }) =>
  Promise.resolve(new WorkerEngine(threads, device));

/**
 * The compute resources of this machine: each engine runs in a thread of its own; the cores are shared with the user's
 * other trainers.
 */
export function machineCompute({ threads, device = "cpu" }: ComputeSettings = {}): Compute {
  return {
    device,
    startEngine: startWorker,
    register: (own = threads) => registerTrainer({ override: own }),
  };
}
