import type { ConnectionFlags } from "./connection_options.ts";

/** Where `flwr run module:name` looks for a SuperLink's Driver API. */
export const DEFAULT_ADDRESS = "127.0.0.1:9091";

/** What the flags of a run in this process give. */
export interface HereFlags extends ConnectionFlags {
  readonly dir: string;
  readonly runConfig: readonly string[];
  readonly json?: string;
  readonly artifacts?: string;
  /** Whether lines always have the ids of nodes. */
  readonly verbose: boolean;
}
