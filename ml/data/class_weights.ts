import { FlwrError } from "../../base/error.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import type { Labels } from "./partition/partitions.ts";
import { sharedArray } from "./shared_array.ts";

/** Most classes, so that one wrong label does not take all memory. */
const MAX_CLASSES = 1_000_000;

/**
 * Counts the examples of each class. Counts of several nodes add up, element by element.
 *
 * @param labels label of each example, from 0, such as the data of a data set's `y`
 * @param classes number of classes (default: the largest label + 1)
 * @throws FlwrError "invalid-argument" for a label that is not an integer from 0 to below the number of classes
 */
export function classCounts(labels: Labels, classes?: number): number[] {
  const limit = classes ?? MAX_CLASSES;
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > MAX_CLASSES) {
    throw invalid(`Number of classes must be from 1 to ${MAX_CLASSES}: got ${classes}`);
  }
  const counts = Array<number>(classes ?? 0).fill(0);
  for (let i = 0; i < labels.length; i++) {
    const label = checkLabel(labels[i]!, i, limit);
    while (counts.length <= label) counts.push(0);
    counts[label]!++;
  }
  return counts;
}

/**
 * Weights of classes with which all classes have the same total weight: examples / (classes · examples of the class),
 * like scikit-learn's `compute_class_weight("balanced")`.
 *
 * @param labels label of each example, from 0
 * @returns the weight of each class; their mean over the examples is 1
 * @throws FlwrError "invalid-argument" when there are no examples, a class has none, or a label is not a whole number
 * @example
 * ```ts
 * const weights = exampleWeights(train.y.data, classWeights(train.y.data));
 * await model.fit({ ...train, weights });
 * ```
 */
export function classWeights(labels: Labels): number[] {
  return weightsFromCounts(classCounts(labels));
}

/**
 * Like {@link classWeights}, from the number of examples of each class: for the weights of all nodes' examples, add up
 * their {@link classCounts}.
 *
 * @throws FlwrError "invalid-argument" when a count is not an integer above 0
 */
export function weightsFromCounts(counts: readonly number[]): number[] {
  const wrong = counts.findIndex((count) => !Number.isSafeInteger(count) || count < 1);
  if (wrong !== -1 || counts.length === 0) {
    throw invalid(
      counts.length === 0
        ? "There are no examples to weigh"
        : `Class ${wrong} has ${counts[wrong]} examples, so it has no balanced weight`,
      ["If nodes lack classes, add up the class counts of all nodes"],
    );
  }
  const examples = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => examples / (counts.length * count));
}

/**
 * The weight of each example, by its class, for the `weights` of a data set. The loss of a batch is then the mean of
 * weight · loss over its examples. PyTorch's weighted cross-entropy divides by the sum of the weights in place of the
 * number of examples.
 *
 * @param labels label of each example, from 0
 * @param weights the weight of each class, not negative
 * @returns float32 [examples]
 * @throws FlwrError "invalid-argument" for a label without a weight, and for a negative weight
 */
export function exampleWeights(labels: Labels, weights: readonly number[]): Tensor<"float32"> {
  const wrong = weights.findIndex((weight) =>
    !(weight >= 0 && Number.isFinite(Math.fround(weight)))
  );
  if (wrong !== -1) {
    throw invalid(
      `The weight of class ${wrong} is ${weights[wrong]}, expected a number of at least 0`,
    );
  }
  const data = sharedArray("float32", labels.length);
  for (let i = 0; i < labels.length; i++) {
    data[i] = weights[checkLabel(labels[i]!, i, weights.length)]!;
  }
  return tensor("float32", [labels.length], data);
}

function checkLabel(value: number | bigint, example: number, classes: number): number {
  const label = Number(value);
  if (Number.isSafeInteger(label) && label >= 0 && label < classes) return label;
  throw invalid(`Label of example ${example} must be from 0 to ${classes - 1}: got ${value}`);
}

function invalid(problem: string, hints: readonly string[] = []): FlwrError {
  return new FlwrError("invalid-argument", problem, { hints });
}
