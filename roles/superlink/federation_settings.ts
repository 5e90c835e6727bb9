import { FlwrError } from "../../base/error.ts";
import { SIMULATION_DEFAULTS, type SimulationSettings } from "../../entities/simulation.ts";
import type { SettingTable } from "../../link/store/store.ts";
import type { SimulatedFederation } from "../../rpc/dialects/current/server/simulated_federation.ts";

/** Name of the setting in the store. Its text is JSON. */
const NAME = "simulation";

/** The settings of a federation with simulated nodes, in the SuperLink's store. */
export class FederationSettings implements SimulatedFederation {
  readonly #table: SettingTable;
  /** Changes are made one after another, because each reads the settings that the previous one wrote. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(table: SettingTable) {
    this.#table = table;
  }

  async settings(): Promise<SimulationSettings> {
    const text = await this.#table.read(NAME);
    if (text === undefined) return SIMULATION_DEFAULTS;
    try {
      return { ...SIMULATION_DEFAULTS, ...JSON.parse(text) };
    } catch (cause) {
      throw new FlwrError("data-loss", "The settings of the simulation are damaged", { cause });
    }
  }

  configure(changes: SimulationSettings): Promise<void> {
    const change = this.#last.then(async () => {
      const settings = { ...await this.settings(), ...changes };
      await this.#table.write(NAME, JSON.stringify(settings));
    });
    this.#last = change.catch(() => {});
    return change;
  }
}
