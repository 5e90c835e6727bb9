import type { OptionNames } from "../../../base/option_names.ts";
import { seededRandom } from "../../../base/random.ts";
import { sampleNormal } from "./dirichlet_sample.ts";
import {
  checkPartitionCount,
  checkPartitionOptions,
  cut,
  DEFAULT_SEED,
  evenCuts,
  invalid,
  PARTITION_OPTION_NAMES,
  type PartitionOptions,
  type Partitions,
  range,
  show,
  shuffle,
} from "./partitions.ts";

/** Options of {@link partitionContinuous}. */
export interface ContinuousOptions extends PartitionOptions {
  /** From 0, at random, to 1, strictly in the order of the numbers. */
  readonly strictness: number;
}

const NAMES: OptionNames<ContinuousOptions> = { strictness: true, ...PARTITION_OPTION_NAMES };

/** Least standard deviation of the numbers, as in Flower Datasets. */
const LEAST_DEVIATION = 1e-6;

/**
 * Sorts examples by a number with noise and cuts them evenly, like Flower Datasets' ContinuousPartitioner: by
 * strictness · z + (1 − strictness) · N(0, 1), where z is the standardised number.
 *
 * @param values a number of each example, such as a patient's age
 * @returns for each partition, the positions of its examples
 * @throws FlwrError "invalid-argument" for options out of range, a number that is not finite, and equal numbers
 */
export function partitionContinuous(
  values: ArrayLike<number>,
  partitions: number,
  options: ContinuousOptions,
): Partitions {
  checkPartitionOptions("partitionContinuous", options, NAMES);
  const { length } = values;
  checkPartitionCount(length, partitions);
  const { strictness } = options;
  if (!(strictness >= 0 && strictness <= 1)) {
    throw invalid(`Option strictness must be a number from 0 to 1: got ${show(strictness)}`);
  }
  const random = seededRandom(options.seed ?? DEFAULT_SEED);
  const keys = standardised(values, strictness).map((z) =>
    strictness * z + (1 - strictness) * sampleNormal(random)
  );
  const order = Array.from(range(0, length)).sort((a, b) => keys[a]! - keys[b]! || a - b);
  const parts = cut(order, evenCuts(length, partitions)).map((part) => Uint32Array.from(part));
  if (options.shuffle ?? true) { for (const part of parts) shuffle(part, random); }
  return parts;
}

function standardised(values: ArrayLike<number>, strictness: number): Float32Array {
  const z = Float32Array.from(values);
  const wrong = z.findIndex((value) => !Number.isFinite(value));
  if (wrong !== -1) {
    throw invalid(`The number of example ${wrong} is ${values[wrong]}, expected a finite float32`);
  }
  let mean = 0;
  for (const value of z) mean += value / z.length;
  let variance = 0;
  for (const value of z) variance += (value - mean) ** 2 / z.length;
  const deviation = Math.sqrt(variance);
  if (deviation >= LEAST_DEVIATION) return z.map((value) => (value - mean) / deviation);
  if (strictness === 0) return z.fill(0);
  throw invalid(`The numbers hardly differ: their standard deviation is ${deviation}`, [
    "Partition by another column, or set strictness: 0",
  ]);
}
