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
 * How classes are chosen for a partition: "random"; "deterministic": as many in a row as it gets, beginning with the
 * class of its own number; "first-deterministic": that class, and others at random.
 */
export type ClassAssignment = "random" | "deterministic" | "first-deterministic";

/** Which classes a partition has. */
export interface PathologicalOptions extends PartitionOptions {
  /** Exactly so many classes for each partition. */
  readonly classesPerPartition: number;
  /** Default "random". */
  readonly assignment?: ClassAssignment;
}

/**
 * Gives each partition examples of a fixed number of classes, as Flower Datasets' PathologicalPartitioner (Li et al.,
 * "Federated Learning on Non-IID Data Silos", 2021). Partitions that have a class in common share its examples evenly; a class
 * that none has goes unused.
 *
 * @throws FlwrError "invalid-argument" for more classes than there are, or when a class has too few examples to share
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
      `Option classesPerPartition is not between 1 and the ${classes.length} classes: ${count}`,
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
