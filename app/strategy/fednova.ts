import { FlwrError } from "../../base/error.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkNumber } from "../../base/check_option.ts";
import { elementwise, mapModel } from "./arrays/elementwise.ts";
import { FedAvg, type FedAvgOptions } from "./fedavg.ts";
import { checkedFirst, metricOf } from "./contract/checked_first.ts";
import { ModelContract } from "./contract/model_contract.ts";
import { type LearningRate, rateIn } from "./rule/learning_rate.ts";
import type { CheckedReply } from "./contract/reply_contract.ts";
import type { Round } from "./strategy.ts";
import { weightFactors } from "./arrays/weighted_average.ts";

/** Options of {@link FedNova}. */
export interface FedNovaOptions extends FedAvgOptions {
  /** Metric with a node's number of local steps, or its norm ‖aᵢ‖₁ (default "local-steps"). */
  readonly localStepsKey?: string;
  /**
   * Largest accepted number of local steps (default 10⁶). A node that reports more steps than it made enlarges the step of
   * the server, so set it to what your nodes can reach.
   */
  readonly maxLocalSteps?: number;
  /** The server's learning rate, from 0, or a function of the round (default 1). */
  readonly serverLearningRate?: LearningRate;
}

/**
 * FedNova (Wang et al., 2020, arXiv:2007.07481): averages updates per local step, so nodes with more steps do not pull
 * the model towards their own optimum. With w the model sent, wᵢ a node's model, pᵢ its share of the examples and τᵢ
 * its number of local steps,
 *
 *     τ_eff = Σ pᵢ·τᵢ;   w ← w + η·τ_eff·Σ (pᵢ / τᵢ)·(wᵢ − w)
 *
 * A reply without a sound number of steps is a failure of its node. A node with momentum or a proximal term replies {@link normalizedSteps} instead of its number of steps. Computed in
 * double precision.
 */
export class FedNova extends FedAvg {
  readonly #stepsKey: string;
  readonly #rate: (round: number) => number;

  /**
   * Creates the strategy.
   *
   * @throws FlwrError "invalid-argument" when an option is out of range
   */
  constructor(
    {
      localStepsKey = "local-steps",
      maxLocalSteps = 1e6,
      serverLearningRate = 1,
      ...options
    }: FedNovaOptions = {},
  ) {
    super(options, {
      contract: checkedFirst(
        new ModelContract({ ...options, arrayrecordKey: undefined }),
        (reply) => void metricOf(reply, localStepsKey, { min: 1, max: maxLocalSteps }),
      ),
    });
    checkNumber("maxLocalSteps", maxLocalSteps, 1);
    this.#stepsKey = localStepsKey;
    this.#rate = rateIn("serverLearningRate", serverLearningRate);
  }

  /** The model sent, moved by the normalised mean of the updates. */
  protected override aggregateModels(
    round: Round,
    replies: readonly CheckedReply[],
  ): ReadonlyMap<string, Tensor> {
    const shares = weightFactors(replies.map(({ weight }) => weight));
    const steps = replies.map(({ metrics }) => metrics.number(this.#stepsKey));
    const effective = shares.reduce((sum, share, i) => sum + share * steps[i]!, 0);
    const rate = this.#rate(round.number);
    const factors = shares.map((share, i) => rate * effective * share / steps[i]!);
    return mapModel(round.arrays.viewTensors(), (name, sent) => {
      const all = replies.map(({ tensors }) => tensors.get(name)!.data);
      return elementwise(sent, (i) => {
        const from = Number(sent.data[i]!);
        let move = 0;
        for (let k = 0; k < all.length; k++) move += factors[k]! * (Number(all[k]![i]!) - from);
        return from + move;
      });
    });
  }
}

/** Features of a node's optimiser in addition to plain steps. */
export interface LocalSteps {
  /** ρ, the momentum, from 0 to below 1 (default 0). */
  readonly momentum?: number;
  /** The learning rate times the strength μ of a proximal term, from 0 to below 1 (default 0). */
  readonly proximalRate?: number;
}

/**
 * ‖a‖₁ of FedNova (Wang et al., 2020, section 4): the number of plain steps that a node's local training is worth.
 * Without momentum and proximal term it is the number of steps.
 *
 * @param steps number of local steps, from 1
 * @throws FlwrError "invalid-argument" when a number is out of range, or both momentum and proximal term are given
 */
export function normalizedSteps(
  steps: number,
  { momentum = 0, proximalRate = 0 }: LocalSteps = {},
): number {
  checkNumber("steps", steps, 1);
  checkNumber("momentum", momentum, 0, 1 - Number.EPSILON);
  checkNumber("proximalRate", proximalRate, 0, 1 - Number.EPSILON);
  if (momentum > 0 && proximalRate > 0) {
    throw new FlwrError(
      "invalid-argument",
      "FedNova has no norm for momentum together with a proximal term",
      { hints: ["Train with one of them"] },
    );
  }
  // Σₖ (1 − ρᵏ) / (1 − ρ) for k from 1 to τ: the gradient of a step continues to act in all later steps.
  if (momentum > 0) {
    return (steps - momentum * (1 - momentum ** steps) / (1 - momentum)) / (1 - momentum);
  }
  // Σₖ (1 − α)ᵏ for k from 0 to τ − 1: later steps partly undo a step's movement.
  return proximalRate > 0 ? (1 - (1 - proximalRate) ** steps) / proximalRate : steps;
}
