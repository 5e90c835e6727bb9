import { checkLengths, checkWhole, invalid, type Numbers } from "./check.ts";
import { addLists, readCounts, readList } from "./read_parts.ts";
import { checkBinary } from "./roc_auc.ts";
import type { Parts, Statistics, StatisticsKind } from "./statistics.ts";

/** Part by which rounding may enlarge a sum of doubles. */
const ROUNDING = 1e-9;

/** Most bins that a histogram may have. */
const MAX_BINS = 100_000;

/**
 * Histograms of the scores of positive and of negative examples, in bins of equal width from 0 to 1.
 *
 * Metrics: `auc`, with `auc-uncertainty`, by how much the order of scores within bins can change it; `calibration-error`, the
 * mean distance of a bin's mean score from its share of positives (expected calibration error, Naeini et al., 2015);
 * `brier`, the mean square of score − target; and at a threshold of 0.5 `accuracy`, `precision`, `recall`, `specificity`, `f1`.
 */
class BinaryStatistics implements Statistics {
  /** @param squares the sum of (score − target)² */
  constructor(
    readonly positives: readonly number[],
    readonly negatives: readonly number[],
    readonly scores: readonly number[],
    readonly squares: number,
  ) {}

  get examples(): number {
    return sum(this.positives) + sum(this.negatives);
  }

  parts(name: string): Record<string, number | number[]> {
    return {
      [`${name}.positives`]: [...this.positives],
      [`${name}.negatives`]: [...this.negatives],
      [`${name}.scores`]: [...this.scores],
      [`${name}.squares`]: [this.squares],
    };
  }

  metrics(name: string): Record<string, number> {
    const [positives, negatives] = [sum(this.positives), sum(this.negatives)];
    const total = positives + negatives;
    const half = this.positives.length / 2;
    const truePositives = sum(this.positives.slice(half));
    const falsePositives = sum(this.negatives.slice(half));
    const trueNegatives = negatives - falsePositives;
    let [below, pairs, ties, distance] = [0, 0, 0, 0];
    this.positives.forEach((count, bin) => {
      const others = this.negatives[bin]!;
      pairs += count * (below + others / 2);
      ties += count * others / 2;
      below += others;
      distance += Math.abs(this.scores[bin]! - count);
    });
    return defined(name, {
      auc: pairs / (positives * negatives),
      "auc-uncertainty": ties / (positives * negatives),
      "calibration-error": distance / total,
      brier: this.squares / total,
      accuracy: (truePositives + trueNegatives) / total,
      precision: truePositives / (truePositives + falsePositives),
      recall: truePositives / positives,
      specificity: trueNegatives / negatives,
      f1: 2 * truePositives / (truePositives + falsePositives + positives),
    });
  }
}

/**
 * Statistics of predictions for two classes.
 *
 * @param scores the predicted probability of the positive class for each example, 0 to 1
 * @param targets 1 for a positive example, 0 for a negative one
 * @param bins how many bins, an even number; default: 1,000. Fewer reveal less of a node's examples
 * @throws FlwrError "invalid-argument" if the numbers of examples differ, for a score beyond 0 to 1, and another target
 */
export function binaryStatistics(
  scores: Numbers,
  targets: Numbers,
  { bins = 1000 }: { readonly bins?: number } = {},
): Statistics {
  checkLengths("scores", scores, targets);
  checkWhole("bins", bins, 2, MAX_BINS);
  if (bins % 2 === 1) throw invalid(`bins must be even, so that 0.5 divides them: got ${bins}`);
  const [positives, negatives, sums] = [zeros(bins), zeros(bins), zeros(bins)];
  let squares = 0;
  for (let i = 0; i < scores.length; i++) {
    const [score, target] = [scores[i]!, targets[i]!];
    if (!(score >= 0 && score <= 1)) {
      throw invalid(`The score of example ${i} is ${score}, expected 0 to 1`, [
        "Apply sigmoid or softmax to a network's logits first",
      ]);
    }
    checkBinary(target, i);
    const bin = Math.min(bins - 1, Math.floor(score * bins));
    (target === 1 ? positives : negatives)[bin]!++;
    sums[bin]! += score;
    squares += (score - target) ** 2;
  }
  return new BinaryStatistics(positives, negatives, sums, squares);
}

/** The kind of {@link binaryStatistics}. */
export const BINARY: StatisticsKind<BinaryStatistics> = {
  read: readNode,
  merge(name, nodes) {
    const sums = (part: "positives" | "negatives" | "scores") =>
      addLists(`${name}.${part}`, nodes.map((node) => node[part]));
    const squares = nodes.reduce((sum, node) => sum + node.squares, 0);
    return new BinaryStatistics(sums("positives"), sums("negatives"), sums("scores"), squares);
  },
};

/** One node's parts, which must fit together: a score is at most 1, and so is its distance from the target. */
function readNode(name: string, parts: Parts): BinaryStatistics {
  const positives = readCounts(parts, `${name}.positives`, MAX_BINS);
  const negatives = readCounts(parts, `${name}.negatives`, MAX_BINS);
  const scores = readList(parts, `${name}.scores`, 0, MAX_BINS);
  const squares = readList(parts, `${name}.squares`, 0, 1);
  const { length } = positives;
  const fits = negatives.length === length && scores.length === length && squares.length === 1 &&
    length >= 2 && length % 2 === 0 &&
    scores.every((sum, bin) => sum <= (positives[bin]! + negatives[bin]!) * (1 + ROUNDING)) &&
    squares[0]! <= (sum(positives) + sum(negatives)) * (1 + ROUNDING);
  if (!fits) throw invalid(`The parts of "${name}" do not fit together`);
  return new BinaryStatistics(positives, negatives, scores, squares[0]!);
}

/** Names metrics, and leaves out those that are undefined because they divide by 0. */
export function defined(name: string, metrics: Record<string, number>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(metrics)
      .filter(([, value]) => Number.isFinite(value))
      .map(([metric, value]) => [`${name}-${metric}`, value]),
  );
}

function zeros(length: number): number[] {
  return new Array<number>(length).fill(0);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
