import { defined } from "./binary.ts";
import { checkLengths, checkWhole, invalid, type Numbers } from "./check.ts";
import { addLists, readCounts } from "./read_parts.ts";
import type { Statistics, StatisticsKind } from "./statistics.ts";

/** Most classes of a confusion matrix. */
const MAX_CLASSES = 1000;

/**
 * A confusion matrix: how many examples of each class (row) were predicted as each class (column).
 *
 * Metrics: `accuracy`; `balanced-accuracy`, the mean recall of the classes that there are examples of; `macro-f1`, the mean
 * F1 of the classes that occur; and by class, as lists, `precision`, `recall` and `f1`, with 0 where they are undefined, as
 * scikit-learn has them; `confusion`, the matrix row by row.
 */
class ClassStatistics implements Statistics {
  constructor(readonly classes: number, readonly matrix: readonly number[]) {}

  get examples(): number {
    return this.matrix.reduce((sum, count) => sum + count, 0);
  }

  parts(name: string): Record<string, number[]> {
    return { [`${name}.confusion`]: [...this.matrix] };
  }

  metrics(name: string): Record<string, number | number[]> {
    const classes = Array.from({ length: this.classes }, (_, i) => i);
    const count = (target: number, predicted: number) =>
      this.matrix[target * this.classes + predicted]!;
    const sum = (counts: readonly number[]) => counts.reduce((total, value) => total + value, 0);
    const targets = classes.map((i) => sum(classes.map((j) => count(i, j))));
    const predictions = classes.map((j) => sum(classes.map((i) => count(i, j))));
    const right = classes.map((i) => count(i, i));
    const ratio = (a: number, b: number) => b === 0 ? 0 : a / b;
    const precision = right.map((value, i) => ratio(value, predictions[i]!));
    const recall = right.map((value, i) => ratio(value, targets[i]!));
    const f1 = right.map((value, i) => ratio(2 * value, predictions[i]! + targets[i]!));
    const mean = (values: readonly number[]) => sum(values) / values.length;
    return {
      ...defined(name, {
        accuracy: sum(right) / sum(targets),
        "balanced-accuracy": mean(recall.filter((_, i) => targets[i]! > 0)),
        "macro-f1": mean(f1.filter((_, i) => targets[i]! + predictions[i]! > 0)),
      }),
      [`${name}-precision`]: precision,
      [`${name}-recall`]: recall,
      [`${name}-f1`]: f1,
      [`${name}-confusion`]: [...this.matrix],
    };
  }
}

/**
 * Statistics of predicted classes.
 *
 * @param predictions the class predicted for each example, from 0
 * @param targets the class of each example, from 0
 * @param classes how many classes there are on all nodes
 * @throws FlwrError "invalid-argument" if the numbers of examples differ, and for a class out of range
 */
export function classStatistics(
  predictions: Numbers,
  targets: Numbers,
  { classes }: { readonly classes: number },
): Statistics {
  checkLengths("predictions", predictions, targets);
  checkWhole("classes", classes, 1, MAX_CLASSES);
  const matrix = new Array<number>(classes * classes).fill(0);
  const check = (name: string, value: number, example: number) => {
    if (Number.isInteger(value) && value >= 0 && value < classes) return;
    throw invalid(`The ${name} of example ${example} is ${value}, expected 0 to ${classes - 1}`);
  };
  for (let i = 0; i < predictions.length; i++) {
    check("prediction", predictions[i]!, i);
    check("target", targets[i]!, i);
    matrix[targets[i]! * classes + predictions[i]!]!++;
  }
  return new ClassStatistics(classes, matrix);
}

/** The kind of {@link classStatistics}. */
export const CLASSES: StatisticsKind<ClassStatistics> = {
  read(name, parts) {
    const part = `${name}.confusion`;
    const matrix = readCounts(parts, part, MAX_CLASSES ** 2);
    const classes = Math.sqrt(matrix.length);
    if (!Number.isInteger(classes) || classes > MAX_CLASSES || classes === 0) {
      throw invalid(`Metric "${part}" has ${matrix.length} numbers, which is no square matrix`);
    }
    return new ClassStatistics(classes, matrix);
  },
  merge(name, nodes) {
    const matrix = addLists(`${name}.confusion`, nodes.map((node) => node.matrix));
    return new ClassStatistics(nodes[0]!.classes, matrix);
  },
};
