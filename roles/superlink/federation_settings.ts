import type { SimulationSettings } from "../../entities/simulation.ts";
import type { SimulatedFederation } from "../../rpc/dialects/current/server/simulated_federation.ts";

/** The settings of the federation, in memory. */
export class FederationSettings implements SimulatedFederation {
  #settings: SimulationSettings = {};

  settings(): Promise<SimulationSettings> {
    return Promise.resolve(this.#settings);
  }

  configure(changes: SimulationSettings): Promise<void> {
    this.#settings = { ...this.#settings, ...changes };
    return Promise.resolve();
  }
}
