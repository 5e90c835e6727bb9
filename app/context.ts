import { type Compute, computingWith } from "../ml/engine/compute.ts";
import type { Artifacts } from "./artifacts.ts";
import type { Checkpoint } from "./checkpoints.ts";
import type { ConfigRecord } from "./config_record.ts";
import type { NodeId, RunId } from "../entities/metadata.ts";
import type { RecordDict } from "./record_dict.ts";

/**
 * The part of a node's registered key that its app may use, for secure aggregation. The app never sees the private key.
 */
export interface RegisteredKey {
  /** The public key of `--auth-supernode-private-key`: SubjectPublicKeyInfo in DER. */
  readonly publicKey: Uint8Array;
  /** The public keys of the nodes that this node's owner trusts, in the same form; undefined without a list of them. */
  readonly trustedKeys?: readonly Uint8Array[];
  /**
   * Signs a digest as "the keys of this node for a round of secure aggregation in this run", and as nothing else.
   *
   * @param digest 32 bytes
   * @returns an ECDSA signature with SHA-256, in DER
   */
  sign(digest: Uint8Array): Promise<Uint8Array>;
}

/** Data that an app gets in addition to a message: ids, settings and state. */
export interface Context {
  /** The run that the app works for. */
  readonly runId: RunId;
  /** The node that the app works on; 1n in a ServerApp. */
  readonly nodeId: NodeId;
  /** Settings of the node: `--node-config 'partition-id=0 num-partitions=2'`. */
  readonly nodeConfig: ConfigRecord;
  /** Records that the app keeps between messages of one run. They never leave the node. */
  readonly state: RecordDict;
  /** Settings of the run: `--run-config 'num-rounds=3'`. */
  readonly runConfig: ConfigRecord;
  /** Compute resources for models, which use them by themselves (default: this machine). */
  readonly compute?: Compute;
  /** The node's registered key, for secure aggregation; undefined in a ServerApp, and on a node without such a key. */
  readonly registeredKey?: RegisteredKey;
}

/** Data that a ServerApp gets in addition to its grid: ids, settings, state, artifacts and checkpoint. */
export interface ServerContext extends Context {
  /** Saves the results of the run: `await artifacts.save("model.npz", arrays)`. */
  readonly artifacts: Artifacts;
  /** Saves the progress of the run, for apps that do not use a strategy: strategies save theirs by themselves. */
  readonly checkpoint: Checkpoint;
}

/** Runs the work of an app with this context. @returns the work's result */
export function inContext<Result>({ compute }: Context, work: () => Result): Result {
  return compute === undefined ? work() : computingWith(compute, work);
}
