import type { OptionNames } from "../../../base/option_names.ts";
import { type Random, seededRandom } from "../../../base/random.ts";
import { concentrations, sampleDirichlet } from "./dirichlet_sample.ts";
import {
  checkPartitionOptions,
  checkPartitionSizes,
  DEFAULT_SEED,
  type Labels,
  PARTITION_OPTION_NAMES,
  type PartitionOptions,
  type Partitions,
  positionsByLabel,
  shuffle,
} from "./partitions.ts";

/** Options of {@link partitionInnerDirichlet}. */
export interface InnerDirichletOptions extends PartitionOptions {
  /** Concentration, above 0: the smaller it is, the fewer classes a partition has. One, or one for each class. */
  readonly alpha: number | readonly number[];
}

const NAMES: OptionNames<InnerDirichletOptions> = { alpha: true, ...PARTITION_OPTION_NAMES };

/**
 * Fills partitions of given sizes with classes whose shares in each partition are drawn from a Dirichlet distribution,
 * like Flower Datasets' InnerDirichletPartitioner (Acar et al., "Federated Learning Based on Dynamic Regularization",
 * 2021). Places are filled one by one, in partitions drawn at random; a class without further examples is left out, and
 * the shares of the others are scaled up. If the sizes sum to less than the number of examples, the rest is unused.
 *
 * @param labels label of each example
 * @param partitionSizes number of examples of each partition, above 0
 * @returns for each partition, the positions of its examples
 * @throws FlwrError "invalid-argument" for sizes and options out of range
 */
export function partitionInnerDirichlet(
  labels: Labels,
  partitionSizes: readonly number[],
  options: InnerDirichletOptions,
): Partitions {
  checkPartitionOptions("partitionInnerDirichlet", options, NAMES);
  checkPartitionSizes(partitionSizes, labels.length);
  const classes = positionsByLabel(labels);
  const alpha = concentrations(options.alpha, classes.length, "classes");
  const random = seededRandom(options.seed ?? DEFAULT_SEED);
  const shares = partitionSizes.map(() => sampleDirichlet(alpha, random));
  const left = classes.map(({ length }) => length);
  const parts = partitionSizes.map((size) => new Uint32Array(size));
  const filled = partitionSizes.map(() => 0);
  const open = partitionSizes.map((_, i) => i);
  while (open.length > 0) {
    const place = Math.floor(random.uniform() * open.length);
    const part = open[place]!;
    const label = drawClass(shares[part]!, left, random);
    left[label]! -= 1;
    parts[part]![filled[part]!++] = classes[label]![left[label]!]!;
    if (filled[part] === parts[part]!.length) open.splice(place, 1);
  }
  // Each class was taken from its end.
  for (const part of parts) part.sort();
  if (options.shuffle ?? true) { for (const part of parts) shuffle(part, random); }
  return parts;
}

/** Draws one of the classes that have examples left, by their shares. */
function drawClass(shares: readonly number[], left: readonly number[], random: Random): number {
  let total = 0;
  for (let i = 0; i < shares.length; i++) if (left[i]! > 0) total += shares[i]!;
  // If all these shares are too small to represent, the number of examples that are left decides.
  const weights = total > 0 ? shares : left;
  if (total === 0) { for (const count of left) total += count; }
  let at = random.uniform() * total;
  let last = -1;
  for (let i = 0; i < weights.length; i++) {
    if (left[i] === 0 || weights[i] === 0) continue;
    last = i;
    at -= weights[i]!;
    if (at < 0) break;
  }
  return last;
}
