import { FlwrError } from "../../../base/error.ts";
import {
  checkPartitionCount,
  divide,
  evenCuts,
  type PartitionOptions,
  type Partitions,
  runningSums,
} from "./partitions.ts";

/** Growth of a partition's size with its number i = 1, 2, …: i, i², or e^i. */
export type SizeSkew = "linear" | "square" | "exponential";

const UNITS: { readonly [S in SizeSkew]: (i: number) => number } = {
  linear: (i) => i,
  square: (i) => i ** 2,
  exponential: Math.exp,
};

/** Options of {@link partitionBySize}. */
export interface SizePartitionOptions extends PartitionOptions {
  /** How sizes grow with the partition's number. */
  readonly skew: SizeSkew;
}

/**
 * Divides examples at random into partitions of equal size (up to one): independent and identically distributed.
 *
 * @param examples number of examples of the data set
 * @returns for each partition, the positions of its examples
 * @throws FlwrError "invalid-argument" when there are more partitions than examples
 */
export function partitionIid(
  examples: number,
  partitions: number,
  options: PartitionOptions = {},
): Partitions {
  checkPartitionCount(examples, partitions);
  return divide(examples, evenCuts(examples, partitions), options);
}

/**
 * Divides examples at random into partitions whose sizes grow with their numbers, like Flower Datasets' Linear-,
 * Square- and ExponentialPartitioner: sizes are rounded down, and the last partition gets the remaining examples.
 *
 * @param examples number of examples of the data set
 * @returns for each partition, the positions of its examples
 * @throws FlwrError "invalid-argument" when there are more partitions than examples, or a partition would be empty
 */
export function partitionBySize(
  examples: number,
  partitions: number,
  options: SizePartitionOptions,
): Partitions {
  checkPartitionCount(examples, partitions);
  const units = Array.from({ length: partitions }, (_, i) => UNITS[options.skew](i + 1));
  const total = units.reduce((sum, unit) => sum + unit, 0);
  const sizes = units.slice(0, -1).map((unit) => Math.floor(unit / total * examples));
  if (sizes.some((size) => !(size >= 1))) {
    throw new FlwrError(
      "invalid-argument",
      `Partitions of ${options.skew} size would be empty: ${partitions} of ${examples} examples`,
      { hints: ["Use fewer partitions or a gentler skew"] },
    );
  }
  return divide(examples, runningSums(sizes), options);
}
