import type { SimulationSettings } from "../config/simulation_settings.ts";

/** What the runs of a sweep are shared out by. */
export interface ShareOptions {
  /** Number of runs, from 1. */
  readonly runs: number;
  /** Cores of the machine that simulates the nodes. Undefined: it is another one, or nodes are not simulated. */
  readonly cores: number | undefined;
  /** `--parallel`. */
  readonly parallel: number | undefined;
  /** Settings of the simulation, the federation's and those of the command. */
  readonly simulation: SimulationSettings;
}

/** How many runs there are at once, and how many cores each has. */
export interface Share {
  readonly parallel: number;
  /** Undefined: not changed. */
  readonly cores: number | undefined;
}

/**
 * Shares the cores of a machine among the runs of a sweep: as many runs at once as there are cores for a node of each.
 * On other machines, one run at a time.
 */
export function shareCores({ runs, cores, parallel, simulation }: ShareOptions): Share {
  if (cores === undefined) return { parallel: Math.min(runs, parallel ?? 1), cores: undefined };
  const { initArgsNumCpus, clientResourcesNumCpus = 1 } = simulation;
  const least = initArgsNumCpus ?? clientResourcesNumCpus;
  const fitting = Math.max(1, Math.floor(cores / least));
  const atOnce = Math.min(runs, parallel ?? fitting);
  if (initArgsNumCpus !== undefined) return { parallel: atOnce, cores: undefined };
  return { parallel: atOnce, cores: Math.max(least, Math.floor(cores / atOnce)) };
}
