import type { SimulationSettings } from "../../../../entities/simulation.ts";

/** The settings of a federation whose nodes are simulated, which `flwr federation simulation-config` changes. */
export interface SimulatedFederation {
  /** The settings that the federation has. */
  settings(): Promise<SimulationSettings>;
  /** Changes those that are given. */
  configure(changes: SimulationSettings): Promise<void>;
}
