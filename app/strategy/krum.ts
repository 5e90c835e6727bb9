import type { Tensor } from "../../tensor/tensor.ts";
import { checkCount } from "./check_option.ts";
import { FedAvg, type FedAvgOptions } from "./fedavg.ts";
import type { CheckedReply } from "./reply_check.ts";

/** Options of {@link MultiKrum}. */
export interface MultiKrumOptions extends FedAvgOptions {
  /** f, the number of nodes assumed to be malicious, from 0 (default 0). */
  readonly numMaliciousNodes?: number;
  /** Number of models to average, from 1 (default 1, which is Krum). */
  readonly numNodesToSelect?: number;
}

/**
 * Multi-Krum (Blanchard et al., 2017, arXiv:1703.02757): the average of the models closest to others. Of n models, the
 * score of one is the sum of its squared distances to the n − f − 2 (at least 1) closest others. Those with the lowest
 * scores are selected; of equal ones, the one with the lower node id. Models of weight 0 are left out.
 */
export class MultiKrum extends FedAvg {
  readonly #malicious: number;
  readonly #selected: number;

  /**
   * Creates the strategy.
   *
   * @throws FlwrError "invalid-argument" when an option is out of range
   */
  constructor({ numMaliciousNodes = 0, numNodesToSelect = 1, ...options }: MultiKrumOptions = {}) {
    super(options);
    checkCount("numMaliciousNodes", numMaliciousNodes, 0);
    checkCount("numNodesToSelect", numNodesToSelect, 1);
    this.#malicious = numMaliciousNodes;
    this.#selected = numNodesToSelect;
  }

  /** Selects the replies whose models are closest to their neighbours. */
  protected override selectReplies(replies: readonly CheckedReply[]): readonly CheckedReply[] {
    const candidates = replies.filter(({ weight }) => weight > 0);
    const scores = krumScores(candidates.map(({ tensors }) => tensors), this.#malicious);
    const best = candidates
      .map((reply, i) => ({ reply, score: scores[i]! }))
      .sort((a, b) => a.score - b.score)
      .slice(0, this.#selected)
      .map(({ reply }) => reply);
    return candidates.filter((reply) => best.includes(reply));
  }
}

/**
 * Krum's score of each model.
 *
 * @param models with the same names and shapes
 * @param malicious f
 */
export function krumScores(
  models: readonly ReadonlyMap<string, Tensor>[],
  malicious: number,
): number[] {
  const closest = Math.max(1, models.length - malicious - 2);
  return models.map((model) => {
    const distances = models
      .filter((other) => other !== model)
      .map((other) => squaredDistance(model, other))
      .sort((a, b) => a - b);
    return distances.slice(0, closest).reduce((sum, distance) => sum + distance, 0);
  });
}

function squaredDistance(
  a: ReadonlyMap<string, Tensor>,
  b: ReadonlyMap<string, Tensor>,
): number {
  let sum = 0;
  for (const [name, { data }] of a) {
    const other = b.get(name)!.data;
    for (let i = 0; i < data.length; i++) {
      const difference = Number(data[i]!) - Number(other[i]!);
      sum += difference * difference;
    }
  }
  return sum;
}

/** Krum (Blanchard et al., 2017, arXiv:1703.02757): the single model closest to others. */
export class Krum extends MultiKrum {
  /**
   * Creates the strategy.
   *
   * @throws FlwrError "invalid-argument" when an option is out of range
   */
  constructor(options: Omit<MultiKrumOptions, "numNodesToSelect"> = {}) {
    super({ ...options, numNodesToSelect: 1 });
  }
}
