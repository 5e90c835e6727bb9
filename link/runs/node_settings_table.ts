/** Table of the settings of simulated nodes, by run. They are kept apart from the runs, because they can be large. */
export interface NodeSettingsTable {
  get(runId: bigint): Promise<Uint8Array | undefined>;
  /** Adds the settings of a run, which must have none. */
  add(runId: bigint, settings: Uint8Array): Promise<void>;
  remove(runId: bigint): Promise<void>;
}
