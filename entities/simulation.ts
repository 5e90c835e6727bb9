/**
 * How the nodes of a run are simulated, with the fields of Flower's SimulationConfig (1.42). Each may be missing: then
 * the federation's setting applies, or the default of {@link SIMULATION_DEFAULTS}.
 */
export interface SimulationSettings {
  /** Number of virtual nodes. */
  readonly numSupernodes?: number;
  /** Cores of one ClientApp call. */
  readonly clientResourcesNumCpus?: number;
  /** GPUs of one ClientApp call, in parts. */
  readonly clientResourcesNumGpus?: number;
  /** Cores that the simulation may use in all; undefined for all of the machine. */
  readonly initArgsNumCpus?: number;
  /** GPUs that the simulation may use in all. */
  readonly initArgsNumGpus?: number;
  /** Only Flower's Ray engine has backends, and the settings below are Ray's: they are kept and change nothing. */
  readonly backend?: string;
  readonly verbose?: boolean;
  readonly initArgsLoggingLevel?: string;
  readonly initArgsLogToDriver?: boolean;
  /**
   * SHA-256 of the token of simulation workers, lower-case hexadecimal. Workers with the token then work for the nodes.
   * Undefined: the SuperLink's machine does. Not part of Flower.
   */
  readonly workersTokenHash?: string;
}

/**
 * Values of settings that nobody set. Flower has the same number of nodes (1.32), but two cores for each: here a core
 * is enough, because nodes share the threads of one process.
 */
export const SIMULATION_DEFAULTS = { numSupernodes: 2, clientResourcesNumCpus: 1 } as const;

/** Most virtual nodes of a run. Each takes about 200 bytes. */
export const MAX_VIRTUAL_NODES = 10_000_000;
