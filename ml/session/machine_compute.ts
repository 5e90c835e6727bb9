import { registerTrainer } from "../cores/trainer_slot.ts";
import type { Compute, ComputeSettings } from "../engine/compute.ts";
import type { StartEngine } from "../engine/engine.ts";
import { WorkerEngine } from "./worker_engine.ts";

const startWorker: StartEngine = ({ threads, device }) =>
  Promise.resolve(new WorkerEngine(threads, device));

/** This machine: each engine in a thread of its own, the cores shared with the other trainers of this user. */
export function machineCompute({ threads, device = "cpu" }: ComputeSettings = {}): Compute {
  return {
    device,
    startEngine: startWorker,
    register: (own = threads) => registerTrainer({ override: own }),
  };
}
