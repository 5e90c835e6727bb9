import { type Compute, computingWith } from "../ml/engine/compute.ts";
import type { Artifacts } from "./artifacts.ts";
import type { ConfigRecord } from "./config_record.ts";
import type { NodeId, RunId } from "../entities/metadata.ts";
import type { RecordDict } from "./record_dict.ts";

/** What an app gets in addition to a message: ids, settings and state. */
export interface Context {
  /** The run that the app works for. */
  readonly runId: RunId;
  /** The node that the app works on; 1n in a ServerApp. */
  readonly nodeId: NodeId;
  /** How the node was started: `--node-config 'partition-id=0 num-partitions=2'`. */
  readonly nodeConfig: ConfigRecord;
  /** What the app keeps from one message to the next within a run. It never leaves the node. */
  readonly state: RecordDict;
  /** How the run was started: `--run-config 'num-rounds=3'`. */
  readonly runConfig: ConfigRecord;
  /** What the app's models compute with; they take it by themselves (default: this machine). */
  readonly compute?: Compute;
}

/** What a ServerApp gets in addition to its grid: ids, settings, state and artifacts. */
export interface ServerContext extends Context {
  /** Where it keeps what the run came to: `await artifacts.save("model.npz", arrays)`. */
  readonly artifacts: Artifacts;
}

/** Does the work of an app that has this context. @returns what the work returns */
export function inContext<Result>({ compute }: Context, work: () => Result): Result {
  return compute === undefined ? work() : computingWith(compute, work);
}
