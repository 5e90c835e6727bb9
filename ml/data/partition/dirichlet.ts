import { FlwrError } from "../../../base/error.ts";
import { type Random, seededRandom } from "../../../base/random.ts";
import { concentrations, sampleDirichlet } from "./dirichlet_sample.ts";
import {
  append,
  checkPartitionCount,
  cut,
  DEFAULT_SEED,
  type Labels,
  type PartitionOptions,
  type Partitions,
  positionsByLabel,
  shuffle,
} from "./partitions.ts";

/** Number of draws before it fails, as in Flower Datasets. */
const ATTEMPTS = 11;

/** Options of {@link partitionDirichlet}. */
export interface DirichletOptions extends PartitionOptions {
  /**
   * Concentration, above 0: the smaller it is, the fewer classes a partition has (0.1: strongly skewed, 100: almost
   * not). One for all partitions, or one for each.
   */
  readonly alpha: number | readonly number[];
  /**
   * Minimum number of examples of a partition. The shares are drawn again until all partitions have that many (default
   * 10).
   */
  readonly minPartitionSize?: number;
  /** Whether a partition with more examples than the average gets no examples of further classes (default false). */
  readonly selfBalancing?: boolean;
}

/**
 * Divides examples so that the shares of each class are drawn from a Dirichlet distribution, like Flower Datasets'
 * DirichletPartitioner (Yurochkin et al., "Bayesian Nonparametric Federated Learning of Neural Networks", 2019).
 *
 * @param labels label of each example
 * @returns for each partition, the positions of its examples
 * @throws FlwrError "invalid-argument" when an option is out of range, "failed-precondition" when the smallest
 * partition stays too small
 */
export function partitionDirichlet(
  labels: Labels,
  partitions: number,
  options: DirichletOptions,
): Partitions {
  checkPartitionCount(labels.length, partitions);
  const alpha = concentrations(options.alpha, partitions, "partitions");
  const random = seededRandom(options.seed ?? DEFAULT_SEED);
  const classes = positionsByLabel(labels);
  const smallest = options.minPartitionSize ?? 10;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const parts = draw(classes, alpha, options.selfBalancing ?? false, random);
    if (parts.every((part) => part.length >= smallest)) {
      const found = parts.map((part) => Uint32Array.from(part));
      if (options.shuffle ?? true) { for (const part of found) shuffle(part, random); }
      return found;
    }
  }
  throw new FlwrError(
    "failed-precondition",
    `No partitions of at least ${smallest} examples in ${ATTEMPTS} draws: alpha ${options.alpha}`,
    { hints: ["Use a larger alpha, fewer partitions, or a smaller minPartitionSize"] },
  );
}

function draw(
  classes: readonly number[][],
  alpha: readonly number[],
  selfBalancing: boolean,
  random: Random,
): number[][] {
  const parts: number[][] = alpha.map(() => []);
  const average = classes.reduce((sum, { length }) => sum + length, 0) / parts.length;
  for (const positions of classes) {
    let shares = sampleDirichlet(alpha, random);
    if (selfBalancing) shares = withoutFull(shares, parts.map(({ length }) => length > average));
    let sum = 0;
    const cuts = shares.slice(0, -1).map((share) => Math.floor((sum += share) * positions.length));
    cut(positions, cuts).forEach((piece, i) => append(parts[i]!, piece));
  }
  return parts;
}

/** The shares of partitions that are not full, scaled to a sum of one. */
function withoutFull(shares: readonly number[], full: readonly boolean[]): number[] {
  const open = shares.map((share, i) => full[i] ? 0 : share);
  const total = open.reduce((sum, share) => sum + share, 0);
  if (total > 0) return open.map((share) => share / total);
  // All open shares were too small to represent. They have the same distribution, so the rest is divided evenly.
  const count = full.filter((isFull) => !isFull).length;
  return full.map((isFull) => isFull ? 0 : 1 / count);
}
