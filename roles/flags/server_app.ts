import type { ConnectionFlags } from "./connection_options.ts";

/** The default address of a SuperLink's Driver API for `flwr run module:name`. */
export const DEFAULT_ADDRESS = "127.0.0.1:9091";

/** Flags of `flwr run` for a ServerApp that runs in this process. */
export interface LocalRunFlags extends ConnectionFlags {
  readonly dir: string;
  readonly runConfig: readonly string[];
  readonly json?: string;
  readonly artifacts?: string;
  /** Folder of the run to go on from. */
  readonly resume?: string;
  /** Whether progress lines always show node ids. */
  readonly verbose: boolean;
}
