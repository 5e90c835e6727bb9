/**
 * How the nodes of a run are simulated, with the fields of Flower's SimulationConfig (1.42). Each may be missing: then
 * the federation's setting applies, or the default of {@link SIMULATION_DEFAULTS}.
 */
export interface SimulationSettings {
  /** Number of virtual nodes. */
  readonly numSupernodes?: number;
  /** Cores of one ClientApp call. */
  readonly clientResourcesNumCpus?: number;
  /** GPUs of one ClientApp call, possibly a fraction. Only for Python apps. */
  readonly clientResourcesNumGpus?: number;
  /** Cores that the simulation may use in total. Undefined: all of the machine's. */
  readonly initArgsNumCpus?: number;
  /** GPUs that the simulation may use in total. Only for Python apps. */
  readonly initArgsNumGpus?: number;
  /** Backend of Flower's Ray engine. This setting and the next three only affect Python apps, which Flower runs. */
  readonly backend?: string;
  readonly verbose?: boolean;
  readonly initArgsLoggingLevel?: string;
  readonly initArgsLogToDriver?: boolean;
  /**
   * SHA-256 of the token of simulation workers, lower-case hexadecimal. Workers with the token then work for the nodes.
   * Undefined: the SuperLink's machine does. Not part of Flower.
   */
  readonly workersTokenHash?: string;
  /** Share of messages that a node does not answer, from 0 to 1. Flower has no such setting, nor those below. */
  readonly dropout?: number;
  /** Share of messages that a node answers late, from 0 to 1. */
  readonly slow?: number;
  /** Delay of a late answer in seconds, at most {@link MAX_SLOW_SECONDS}. */
  readonly slowSeconds?: number;
  /** Share of messages that a node answers with false arrays, from 0 to 1. */
  readonly lie?: number;
}

/** Faults of simulated nodes. Each share is one of all messages to nodes, from 0 to 1. */
export interface NodeFaults {
  /** Share of messages that get an error reply, as of a node that is unavailable. The ClientApp does not run. */
  readonly dropout: number;
  /** Share of messages for which a node waits before it runs the ClientApp. */
  readonly slow: number;
  /** How long it waits, in seconds. */
  readonly slowSeconds: number;
  /** Share of messages that are answered with the opposite of what the node learnt. */
  readonly lie: number;
}

/** Faults where nobody set any: none, and the wait of a slow node in seconds. */
export const NO_FAULTS: NodeFaults = { dropout: 0, slow: 0, slowSeconds: 10, lie: 0 };

/** Longest wait of a slow node, in seconds: an hour. */
export const MAX_SLOW_SECONDS = 3600;

/**
 * Values of settings that nobody set. Flower has the same number of nodes (1.32), but two cores for each: here a core
 * is enough, because nodes share the threads of one process.
 */
export const SIMULATION_DEFAULTS = { numSupernodes: 2, clientResourcesNumCpus: 1 } as const;

/** Most virtual nodes of a run. Each takes about 200 bytes. */
export const MAX_VIRTUAL_NODES = 10_000_000;
