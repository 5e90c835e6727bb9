import { ConfigRecord } from "../app/config_record.ts";
import type { OnlineNode } from "../app/connection.ts";
import type { ConfigInput } from "../app/typed_value.ts";
import { FlwrError } from "../base/error.ts";
import type { NodeId } from "../entities/metadata.ts";
import { MAX_VIRTUAL_NODES } from "../entities/simulation.ts";

/** Settings of one virtual node, in addition to its partition. */
export type NodeSettings = Readonly<Record<string, ConfigInput>>;

/** Options of {@link VirtualNodes}. */
export interface VirtualNodesOptions {
  /** Number of nodes, 1 to {@link MAX_VIRTUAL_NODES}. */
  readonly count: number;
  /** Further settings of the node with this partition, from 0 (default: none). */
  readonly settingsOf?: (partition: number) => NodeSettings;
}

/**
 * The nodes of a simulation. A node is its partition, a number from 0, and the settings that a SuperNode would have:
 * `partition-id` and `num-partitions` as in Flower's simulations (1.42), and the user's own.
 *
 * Unlike Flower's, ids do not depend on the run, so a seeded choice of nodes is the same in the next run.
 */
export class VirtualNodes {
  readonly count: number;
  readonly #settingsOf: (partition: number) => NodeSettings;
  readonly #partitions = new Map<NodeId, number>();
  readonly #online: readonly OnlineNode[];

  /** @throws FlwrError "invalid-argument" when the count is out of range */
  constructor({ count, settingsOf = () => ({}) }: VirtualNodesOptions) {
    if (!(Number.isInteger(count) && count >= 1 && count <= MAX_VIRTUAL_NODES)) {
      throw new FlwrError(
        "invalid-argument",
        `The number of simulated nodes must be an integer from 1 to ${MAX_VIRTUAL_NODES}: got ${count}`,
      );
    }
    this.count = count;
    this.#settingsOf = settingsOf;
    this.#online = Array.from({ length: count }, (_, partition) => {
      const nodeId = nodeIdOf(partition);
      this.#partitions.set(nodeId, partition);
      return { nodeId, name: `partition-${partition}` };
    });
  }

  /** All nodes: each is online for the whole run. */
  online(): readonly OnlineNode[] {
    return this.#online;
  }

  /** A node's partition; undefined if no node has this id. */
  partitionOf(nodeId: NodeId): number | undefined {
    return this.#partitions.get(nodeId);
  }

  /** A node's settings, as its ClientApp sees them. */
  nodeConfig(partition: number): ConfigRecord {
    return new ConfigRecord({
      ...this.#settingsOf(partition),
      "partition-id": partition,
      "num-partitions": this.count,
    });
  }
}

/**
 * The id of the node with a partition: SplitMix64 (Steele, Lea and Flood, 2014) of the partition, which maps different
 * numbers to different ids. The two reserved ids, 0 and 1, are the images of numbers far above any partition.
 */
export function nodeIdOf(partition: number): NodeId {
  let z = BigInt.asUintN(64, (BigInt(partition) + 1n) * 0x9e3779b97f4a7c15n);
  z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
  z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
  return z ^ (z >> 31n);
}
