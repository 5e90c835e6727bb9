import type { OptionNames } from "../../../base/option_names.ts";
import {
  checkPartitionCount,
  checkPartitionOptions,
  checkPartitionSizes,
  divide,
  invalid,
  PARTITION_OPTION_NAMES,
  type PartitionOptions,
  type Partitions,
  runningSums,
  show,
} from "./partitions.ts";

/**
 * Divides examples at random into partitions of the given sizes, like Flower Datasets' SizePartitioner. If the sizes sum
 * to less than the number of examples, the rest is unused.
 *
 * @param examples number of examples of the data set
 * @param partitionSizes number of examples of each partition, above 0
 * @returns for each partition, the positions of its examples
 * @throws FlwrError "invalid-argument" for other sizes, and when they sum to more than there are examples
 * @example
 * ```ts
 * const parts = partitionSizes(datasetSize(train), [1000, 200, 50]);
 * ```
 */
export function partitionSizes(
  examples: number,
  partitionSizes: readonly number[],
  options: PartitionOptions = {},
): Partitions {
  checkPartitionOptions("partitionSizes", options, PARTITION_OPTION_NAMES);
  checkPartitionSizes(partitionSizes, examples);
  return divide(examples, runningSums(partitionSizes), options).slice(0, partitionSizes.length);
}

/** Options of {@link partitionIdToSize}. */
export interface IdToSizeOptions extends PartitionOptions {
  /** The share of a partition from its number, from 1: a number above 0. Shares are scaled to the number of examples. */
  readonly partitionIdToSizeFn: (id: number) => number;
}

const ID_TO_SIZE_NAMES: OptionNames<IdToSizeOptions> = {
  partitionIdToSizeFn: true,
  ...PARTITION_OPTION_NAMES,
};

/**
 * Divides examples at random into partitions whose sizes are a function of their numbers, like Flower Datasets'
 * IdToSizeFncPartitioner: sizes are rounded down, and the last partition gets the remaining examples.
 *
 * @param examples number of examples of the data set
 * @returns for each partition, the positions of its examples
 * @throws FlwrError "invalid-argument" when there are more partitions than examples, the function returns a number that
 * is not above 0, or a partition would be empty
 */
export function partitionIdToSize(
  examples: number,
  partitions: number,
  options: IdToSizeOptions,
): Partitions {
  checkPartitionOptions("partitionIdToSize", options, ID_TO_SIZE_NAMES);
  checkPartitionCount(examples, partitions);
  const { partitionIdToSizeFn: sizeOf } = options;
  if (typeof sizeOf !== "function") {
    throw invalid(`Option partitionIdToSizeFn must be a function: got ${show(sizeOf)}`);
  }
  const units = Array.from({ length: partitions }, (_, i) => sizeOf(i + 1));
  const wrong = units.findIndex((unit) => !(unit > 0 && Number.isFinite(unit)));
  if (wrong !== -1) {
    throw invalid(
      `Option partitionIdToSizeFn must return a number above 0: got ${
        show(units[wrong])
      } for partition ${wrong + 1}`,
    );
  }
  const total = units.reduce((sum, unit) => sum + unit, 0);
  const sizes = units.slice(0, -1).map((unit) => Math.floor(unit / total * examples));
  const last = examples - sizes.reduce((sum, size) => sum + size, 0);
  const empty = [...sizes, last].findIndex((size) => !(size >= 1));
  if (empty !== -1) {
    throw invalid(`Partition ${empty + 1} would be empty: ${examples} examples are too few`, [
      "Use fewer partitions, or a function whose values differ less",
    ]);
  }
  return divide(examples, runningSums(sizes), options);
}
