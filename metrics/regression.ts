import { defined } from "./binary.ts";
import { checkLengths, invalid, type Numbers } from "./check.ts";
import { readList } from "./read_parts.ts";
import type { Statistics, StatisticsKind } from "./statistics.ts";

/**
 * Moments of the targets, and sums of the errors.
 *
 * Metrics: `mae` and `rmse`, in the targets' unit; `r2`, one minus the sum of squared errors ÷ that of the targets'
 * distances from their mean over all nodes.
 */
class RegressionStatistics implements Statistics {
  /**
   * @param scatter the sum of squared distances of the targets from their mean
   * @param squares the sum of squared errors
   * @param distances the sum of absolute errors
   */
  constructor(
    readonly count: number,
    readonly mean: number,
    readonly scatter: number,
    readonly squares: number,
    readonly distances: number,
  ) {}

  get examples(): number {
    return this.count;
  }

  parts(name: string): Record<string, number[]> {
    const { count, mean, scatter, squares, distances } = this;
    return { [`${name}.moments`]: [count, mean, scatter, squares, distances] };
  }

  metrics(name: string): Record<string, number> {
    return defined(name, {
      mae: this.distances / this.count,
      rmse: Math.sqrt(this.squares / this.count),
      r2: 1 - this.squares / this.scatter,
    });
  }

  /** Both together. The scatter is that around the common mean: Chan, Golub, LeVeque, 1979. */
  add(other: RegressionStatistics): RegressionStatistics {
    const count = this.count + other.count;
    if (count === 0) return this;
    const distance = other.mean - this.mean;
    return new RegressionStatistics(
      count,
      this.mean + distance * other.count / count,
      this.scatter + other.scatter + distance ** 2 * this.count * other.count / count,
      this.squares + other.squares,
      this.distances + other.distances,
    );
  }
}

/**
 * Statistics of predicted numbers.
 *
 * @param predictions one finite number per example
 * @param targets one finite number per example, in the same unit
 * @throws FlwrError "invalid-argument" if the numbers of examples differ, and for a number that is not finite
 */
export function regressionStatistics(predictions: Numbers, targets: Numbers): Statistics {
  checkLengths("predictions", predictions, targets);
  let [mean, scatter, squares, distances] = [0, 0, 0, 0];
  for (let i = 0; i < predictions.length; i++) {
    const [prediction, target] = [predictions[i]!, targets[i]!];
    if (!Number.isFinite(prediction) || !Number.isFinite(target)) {
      throw invalid(`Example ${i} is not finite: predicted ${prediction}, target ${target}`);
    }
    const before = target - mean;
    mean += before / (i + 1);
    scatter += before * (target - mean);
    squares += (prediction - target) ** 2;
    distances += Math.abs(prediction - target);
  }
  return new RegressionStatistics(predictions.length, mean, scatter, squares, distances);
}

/** The kind of {@link regressionStatistics}. */
export const REGRESSION: StatisticsKind<RegressionStatistics> = {
  read(name, parts) {
    const moments = readList(parts, `${name}.moments`, undefined, 5);
    const [count, mean, scatter, squares, distances] = moments;
    const fits = moments.length === 5 && Number.isSafeInteger(count) &&
      [count, scatter, squares, distances].every((part) => part! >= 0);
    if (!fits) throw invalid(`The parts of "${name}" do not fit together`);
    return new RegressionStatistics(count!, mean!, scatter!, squares!, distances!);
  },
  merge: (_name, nodes) => nodes.reduce((sum, node) => sum.add(node)),
};
