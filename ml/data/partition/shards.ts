import { FlwrError } from "../../../base/error.ts";
import { seededRandom } from "../../../base/random.ts";
import {
  checkPartitionCount,
  DEFAULT_SEED,
  type Labels,
  type PartitionOptions,
  type Partitions,
  positionsByLabel,
  range,
  shuffle,
} from "./partitions.ts";

/** Options of {@link partitionByShards}; `shardsPerPartition` or `shardSize` is required. */
export interface ShardOptions extends PartitionOptions {
  /** Number of shards per partition (default: all shards; if not divisible, the first partitions get one more). */
  readonly shardsPerPartition?: number;
  /** Number of examples per shard (default: the size with which all shards together contain the whole data set). */
  readonly shardSize?: number;
  /**
   * Whether the examples left at the end form a smaller shard (default false: they are not used). It has no effect if
   * both options above are set.
   */
  readonly keepIncompleteShard?: boolean;
}

/**
 * Sorts examples by label, cuts them into shards and distributes the shards at random, so that each partition has few
 * classes. Like Flower Datasets' ShardPartitioner (McMahan et al., "Communication-Efficient Learning of Deep Networks
 * from Decentralized Data", 2017: two shards for each of 100 clients).
 *
 * @param labels label of each example
 * @returns for each partition, the positions of its examples
 * @throws FlwrError "invalid-argument" when there are too few shards
 */
export function partitionByShards(
  labels: Labels,
  partitions: number,
  options: ShardOptions,
): Partitions {
  checkPartitionCount(labels.length, partitions);
  const { size, shards, perPartition } = plan(labels.length, partitions, options);
  const sorted = positionsByLabel(labels).flat();
  const random = seededRandom(options.seed ?? DEFAULT_SEED);
  const dealt = shuffle(range(0, shards), random);
  let next = 0;
  return perPartition.map((count) => {
    const own = dealt.subarray(next, next += count);
    const part = Uint32Array.from(
      [...own].flatMap((shard) => sorted.slice(shard * size, (shard + 1) * size)),
    );
    return options.shuffle ?? true ? shuffle(part, random) : part;
  });
}

function plan(examples: number, partitions: number, options: ShardOptions) {
  const { shardsPerPartition: wanted, shardSize } = options;
  checkCount("shardsPerPartition", wanted);
  checkCount("shardSize", shardSize);
  const size = shardSize ?? (wanted && Math.floor(examples / (partitions * wanted)));
  if (size === undefined) {
    throw new FlwrError("invalid-argument", "Set shardsPerPartition or shardSize");
  }
  const incomplete = options.keepIncompleteShard && (!wanted || !shardSize);
  const round = incomplete ? Math.ceil : Math.floor;
  const shards = size === 0 ? 0 : round(examples / size);
  const each = wanted ?? Math.floor(shards / partitions);
  if (each === 0 || each * partitions > shards) {
    throw new FlwrError(
      "invalid-argument",
      `Too few shards for ${partitions} partitions of ${
        each || 1
      }: ${examples} examples make ${shards}`,
      { hints: ["Use smaller or fewer shards, or fewer partitions"] },
    );
  }
  const left = wanted === undefined ? shards - each * partitions : 0;
  const perPartition = Array.from({ length: partitions }, (_, i) => each + (i < left ? 1 : 0));
  return { size, shards, perPartition };
}

function checkCount(name: string, value: number | undefined): void {
  if (value !== undefined && (!Number.isSafeInteger(value) || value < 1)) {
    throw new FlwrError(
      "invalid-argument",
      `Option ${name} must be an integer of at least 1: got ${value}`,
    );
  }
}
