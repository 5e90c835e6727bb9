import type { OptionNames } from "../../../base/option_names.ts";
import { seededRandom } from "../../../base/random.ts";
import {
  append,
  checkPartitionCount,
  checkPartitionOptions,
  cut,
  DEFAULT_SEED,
  invalid,
  type Labels,
  PARTITION_OPTION_NAMES,
  type PartitionOptions,
  type Partitions,
  positionsByLabel,
  runningSums,
  show,
  shuffle,
} from "./partitions.ts";

/** Options of {@link partitionDistribution}. */
export interface DistributionOptions extends PartitionOptions {
  /**
   * For each label in ascending order, the shares of the partitions that have it, in their order: [labels,
   * numUniqueLabelsPerPartition · partitions / labels]. Numbers of at least 0.
   */
  readonly distributionArray: readonly (readonly number[])[];
  /** Number of labels of each partition. */
  readonly numUniqueLabelsPerPartition: number;
  /**
   * Minimum number of examples of each label in each partition that has it (default 0). It has no effect without
   * `rescale`.
   */
  readonly preassignedNumSamplesPerLabel?: number;
  /**
   * Whether shares are scaled so that all examples of a label are used (default true). Otherwise the shares are numbers
   * of examples, rounded down, and the remaining examples are unused.
   */
  readonly rescale?: boolean;
}

const NAMES: OptionNames<DistributionOptions> = {
  distributionArray: true,
  numUniqueLabelsPerPartition: true,
  preassignedNumSamplesPerLabel: true,
  rescale: true,
  ...PARTITION_OPTION_NAMES,
};

/**
 * Divides the examples of each label by given shares, like Flower Datasets' DistributionPartitioner (Li et al.,
 * "Federated Optimization in Heterogeneous Networks", 2020). Partition i has the labels number i, i + 1, …, modulo the
 * number of labels. Shares are rounded down; the examples that are left go to one of the label's partitions at random.
 *
 * @param labels label of each example
 * @param partitions number of partitions, a multiple of the number of labels
 * @returns for each partition, the positions of its examples
 * @throws FlwrError "invalid-argument" for options out of range, and when a label has too few examples
 */
export function partitionDistribution(
  labels: Labels,
  partitions: number,
  options: DistributionOptions,
): Partitions {
  checkPartitionOptions("partitionDistribution", options, NAMES);
  checkPartitionCount(labels.length, partitions);
  const classes = positionsByLabel(labels);
  const { numUniqueLabelsPerPartition: each, rescale = true } = options;
  if (partitions % classes.length !== 0) {
    throw invalid(
      `Number of partitions must be a multiple of the number of labels ${classes.length}: ` +
        `got ${partitions}`,
    );
  }
  if (!Number.isSafeInteger(each) || each < 1 || each > classes.length) {
    throw invalid(
      `Option numUniqueLabelsPerPartition must be from 1 to the number of labels ` +
        `${classes.length}: got ${show(each)}`,
    );
  }
  if (typeof rescale !== "boolean") {
    throw invalid(`Option rescale must be true or false: got ${show(rescale)}`);
  }
  const columns = each * partitions / classes.length;
  const counts = countExamples(classes.map(({ length }) => length), columns, options);
  const random = seededRandom(options.seed ?? DEFAULT_SEED);
  const pieces = classes.map((positions, label) => {
    const found = cut(positions, runningSums(counts[label]!));
    const rest = found.pop()!;
    if (rescale) append(found[Math.floor(random.uniform() * columns)]!, rest);
    return found;
  });
  const next = classes.map(() => 0);
  return Array.from({ length: partitions }, (_, i) => {
    const rows: number[] = [];
    for (let k = 0; k < each; k++) {
      const label = (i + k) % classes.length;
      append(rows, pieces[label]![next[label]!++]!);
    }
    const part = Uint32Array.from(rows);
    return options.shuffle ?? true ? shuffle(part, random) : part;
  });
}

/** The number of examples of each label and column. */
function countExamples(
  sizes: readonly number[],
  columns: number,
  options: DistributionOptions,
): number[][] {
  const { distributionArray: array, rescale = true, preassignedNumSamplesPerLabel: least = 0 } =
    options;
  if (!isTable(array, sizes.length, columns)) {
    throw invalid(
      `Option distributionArray must be ${sizes.length} lists of ${columns} numbers of at least 0: ` +
        `got ${show(array)}`,
    );
  }
  if (!Number.isSafeInteger(least) || least < 0) {
    throw invalid(
      `Option preassignedNumSamplesPerLabel must be an integer of at least 0: got ${show(least)}`,
    );
  }
  return array.map((row, label) => {
    const size = sizes[label]!;
    const total = row.reduce((sum, share) => sum + share, 0);
    if (!rescale) {
      const counts = row.map(Math.floor);
      const wanted = counts.reduce((sum, count) => sum + count, 0);
      if (wanted <= size) return counts;
      throw invalid(
        `Option distributionArray asks for ${wanted} examples of label number ${label}, which has ${size}`,
        ["Set rescale: true to scale the numbers"],
      );
    }
    if (!(total > 0 && Number.isFinite(total))) {
      throw invalid(`Option distributionArray has a sum of ${total} for label number ${label}`);
    }
    if (least * columns > size) {
      throw invalid(
        `Option preassignedNumSamplesPerLabel asks for ${least} examples of label number ${label} ` +
          `in each of ${columns} partitions, but there are ${size}`,
      );
    }
    return row.map((share) => Math.floor(share / total * (size - least * columns)) + least);
  });
}

/** Whether a value is a list of lists of numbers of at least 0. */
function isTable(value: unknown, rows: number, columns: number): boolean {
  return Array.isArray(value) && value.length === rows &&
    value.every((row) =>
      Array.isArray(row) && row.length === columns &&
      row.every((share) => share >= 0 && Number.isFinite(share))
    );
}
