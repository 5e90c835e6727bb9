import { FlwrError } from "../../../base/error.ts";
import { type Random, seededRandom } from "../../../base/random.ts";
import {
  append,
  checkPartitionCount,
  cut,
  DEFAULT_SEED,
  evenCuts,
  type Labels,
  type PartitionOptions,
  type Partitions,
  positionsByLabel,
  range,
  shuffle,
} from "./partitions.ts";

/**
 * How the classes of a partition are chosen. "random"; "deterministic": consecutive classes, starting with the class of
 * the partition's number; "first-deterministic": that class, and others at random.
 */
export type ClassAssignment = "random" | "deterministic" | "first-deterministic";

/** Options of {@link partitionPathological}. */
export interface PathologicalOptions extends PartitionOptions {
  /** Number of classes of each partition. */
  readonly classesPerPartition: number;
  /** How classes are chosen (default "random"). */
  readonly assignment?: ClassAssignment;
}

/**
 * Gives each partition examples of a fixed number of classes, like Flower Datasets' PathologicalPartitioner (Li et al.,
 * "Federated Learning on Non-IID Data Silos", 2021). Partitions with a common class share its examples evenly; classes
 * of no partition are not used.
 *
 * @param labels label of each example
 * @returns for each partition, the positions of its examples
 * @throws FlwrError "invalid-argument" when there are fewer classes than requested, or a class has too few examples to
 * share
 */
export function partitionPathological(
  labels: Labels,
  partitions: number,
  options: PathologicalOptions,
): Partitions {
  checkPartitionCount(labels.length, partitions);
  const { classesPerPartition: count, assignment = "random" } = options;
  const classes = positionsByLabel(labels);
  if (!Number.isSafeInteger(count) || count < 1 || count > classes.length) {
    throw new FlwrError(
      "invalid-argument",
      `Option classesPerPartition must be from 1 to the number of classes ${classes.length}: got ${count}`,
    );
  }
  const random = seededRandom(options.seed ?? DEFAULT_SEED);
  const chosen = Array.from(
    { length: partitions },
    (_, i) => chooseClasses(i, count, classes.length, assignment, random),
  );
  const parts = shareOut(classes, chosen).map((part) => Uint32Array.from(part));
  if (options.shuffle ?? true) { for (const part of parts) shuffle(part, random); }
  return parts;
}

function chooseClasses(
  partition: number,
  count: number,
  classes: number,
  assignment: ClassAssignment,
  random: Random,
): Set<number> {
  if (assignment === "deterministic") {
    return new Set(Array.from({ length: count }, (_, i) => (partition + i) % classes));
  }
  const order = [...shuffle(range(0, classes), random)];
  const first = partition % classes;
  const queue = assignment === "random"
    ? order
    : [first, ...order.filter((other) => other !== first)];
  return new Set(queue.slice(0, count));
}

function shareOut(classes: readonly number[][], chosen: readonly Set<number>[]): number[][] {
  const parts: number[][] = chosen.map(() => []);
  for (const [label, positions] of classes.entries()) {
    const sharers = parts.filter((_, i) => chosen[i]!.has(label));
    if (sharers.length > positions.length) {
      throw new FlwrError(
        "invalid-argument",
        `Class number ${label} has ${positions.length} examples: too few for ${sharers.length} partitions`,
        { hints: ["Use fewer partitions or fewer classes each, or assignment deterministic"] },
      );
    }
    if (sharers.length === 0) continue;
    cut(positions, evenCuts(positions.length, sharers.length)).forEach((piece, i) =>
      append(sharers[i]!, piece)
    );
  }
  return parts;
}
