import type { Tensor } from "../../../tensor/tensor.ts";
import { largestValue } from "../arrays/largest_value.ts";
import { averageAndLargest, weightFactors } from "../arrays/weighted_average.ts";
import type { CheckedReply } from "../contract/reply_contract.ts";
import type { PhaseRound } from "../round/round.ts";
import type { Aggregation, Aggregator } from "./aggregator.ts";
import { CompensatedSum } from "./compensated_sum.ts";

/** The weights of a mean: those of the replies, or the same for each. */
export type ReplyWeights = "own" | "equal";

const OWN_WEIGHT = ({ weight }: CheckedReply) => weight;
const EQUAL_WEIGHT = () => 1;

/**
 * The weighted mean of the nodes' arrays, Σ wᵢ·xᵢ / Σ wᵢ (McMahan et al., 2017, arXiv:1602.05629). An array that only
 * some nodes sent is averaged over these.
 *
 * If all replies are known, the result equals Flower's bit for bit: xᵢ · (wᵢ / Σ wᵢ) is summed in ascending order of
 * node id, each step rounded to the arrays' type. If they are accumulated as they arrive, the result does not depend on
 * their order: Σ wᵢ·xᵢ is summed in about 77 bits, divided once and rounded once.
 */
export class WeightedMean implements Aggregator {
  /** It keeps nothing of a reply. */
  readonly streams = true;
  readonly #weightOf: (reply: CheckedReply) => number;

  /**
   * Creates the aggregator.
   *
   * @param weightOf the weight of a reply, from 0 (default: its own, such as the number of examples)
   */
  constructor(weightOf: (reply: CheckedReply) => number = OWN_WEIGHT) {
    this.#weightOf = weightOf;
  }

  /** The weights, if they are known without the replies: see {@link weightsOf}. */
  static weightsOf(aggregator: WeightedMean): ReplyWeights | undefined {
    const weightOf = aggregator.#weightOf;
    return weightOf === OWN_WEIGHT ? "own" : weightOf === EQUAL_WEIGHT ? "equal" : undefined;
  }

  /** Begins a mean. */
  begin(_round: PhaseRound, known?: readonly CheckedReply[]): Aggregation {
    return known === undefined
      ? new Sums(this.#weightOf, (total) => total)
      : new KnownMean(this.#weightOf);
  }
}

/** Whether an aggregator computes nothing else than a weighted mean. */
export function isWeightedMean(aggregator: Aggregator): boolean {
  return aggregator instanceof WeightedMean && aggregator.begin === WeightedMean.prototype.begin;
}

/** The mean of the nodes' arrays, each with the same weight. */
export class Mean extends WeightedMean {
  /** Creates the aggregator. */
  constructor() {
    super(EQUAL_WEIGHT);
  }
}

/** The weights with which an aggregator does nothing but average whole models; undefined for any other aggregator. */
export function weightsOf(aggregator: Aggregator): ReplyWeights | undefined {
  const isOurs = aggregator instanceof WeightedMean &&
    aggregator.begin === WeightedMean.prototype.begin;
  return isOurs ? WeightedMean.weightsOf(aggregator) : undefined;
}

/**
 * The sum of the nodes' arrays, without weights: for updates, control variates, counts. It does not depend on the order
 * of the replies. Its types are those of an average.
 */
export class Sum implements Aggregator {
  /** It keeps nothing of a reply. */
  readonly streams = true;

  /** Begins a sum. */
  begin(): Aggregation {
    return new Sums(() => 1, () => 1);
  }
}

/** Sums by name, divided by a number that depends on the sum of the weights. */
class Sums implements Aggregation {
  readonly #weightOf: (reply: CheckedReply) => number;
  readonly #divisor: (total: number) => number;
  readonly #sums = new Map<string, CompensatedSum>();
  readonly #totals = new Map<string, number[]>();

  constructor(weightOf: (reply: CheckedReply) => number, divisor: (total: number) => number) {
    this.#weightOf = weightOf;
    this.#divisor = divisor;
  }

  accumulate(reply: CheckedReply): void {
    const weight = this.#weightOf(reply);
    if (weight === 0) return;
    for (const [name, tensor] of reply.tensors) {
      let sum = this.#sums.get(name);
      if (sum === undefined) {
        this.#sums.set(name, sum = new CompensatedSum(tensor));
        this.#totals.set(name, []);
      }
      sum.add(tensor.data, weight);
      this.#totals.get(name)!.push(weight);
    }
  }

  finish() {
    const arrays = new Map<string, Tensor>();
    for (const [name, sum] of this.#sums) {
      // Sorted, because the sum of weights that are not integers depends on their order.
      const total = this.#totals.get(name)!.sort((a, b) => a - b).reduce((a, b) => a + b, 0);
      arrays.set(name, sum.divided(this.#divisor(total)));
      this.#sums.delete(name); // frees its memory before the next array needs memory
    }
    return { arrays };
  }
}

/** A mean over known replies, equal to Flower's bit for bit. */
class KnownMean implements Aggregation {
  readonly #weightOf: (reply: CheckedReply) => number;
  readonly #terms = new Map<string, { readonly tensor: Tensor; readonly weight: number }[]>();

  constructor(weightOf: (reply: CheckedReply) => number) {
    this.#weightOf = weightOf;
  }

  accumulate(reply: CheckedReply): void {
    const weight = this.#weightOf(reply);
    for (const [name, tensor] of reply.tensors) {
      const terms = this.#terms.get(name);
      if (terms === undefined) this.#terms.set(name, [{ tensor, weight }]);
      else terms.push({ tensor, weight });
    }
  }

  finish() {
    const arrays = new Map<string, Tensor>();
    let largest = 0;
    for (const [name, terms] of this.#terms) {
      const weights = terms.map(({ weight }) => weight);
      const tensors = terms.map(({ tensor }) => tensor);
      // If nodes of weight 0 alone sent an array, it stays as it is.
      if (!weights.some((weight) => weight > 0)) {
        largest = Math.max(largest, ...tensors.map(({ data }) => largestValue(data)));
        continue;
      }
      const made = averageAndLargest(tensors, weightFactors(weights));
      arrays.set(name, made.average);
      largest = Math.max(largest, made.largest);
    }
    return { arrays, largest };
  }
}
