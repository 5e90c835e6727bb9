import type { Tensor } from "../../tensor/tensor.ts";
import { checkNumber } from "./check_option.ts";
import { elementwise, mapModel } from "./elementwise.ts";
import { FedAvg, type FedAvgOptions } from "./fedavg.ts";
import type { CheckedReply } from "./reply_check.ts";
import type { Round } from "./strategy.ts";

/** Options of {@link FedAvgM}. */
export interface FedAvgMOptions extends FedAvgOptions {
  /** η, the server's learning rate, from 0 (default 1). */
  readonly serverLearningRate?: number;
  /** β, the server's momentum, from 0 to 1 (default 0). */
  readonly serverMomentum?: number;
}

/**
 * Federated averaging with momentum at the server (Hsu et al., 2019, arXiv:1909.06335): with w the model sent and w̄
 * the average of the nodes' models, m ← β·m + (w − w̄), and the new model is w − η·m. Computed in double precision.
 */
export class FedAvgM extends FedAvg {
  readonly #learningRate: number;
  readonly #momentum: number;
  readonly #moments = this.moments();

  /**
   * Creates the strategy.
   *
   * @throws FlwrError "invalid-argument" when an option is out of range
   */
  constructor({ serverLearningRate = 1, serverMomentum = 0, ...options }: FedAvgMOptions = {}) {
    super(options);
    checkNumber("serverLearningRate", serverLearningRate, 0);
    checkNumber("serverMomentum", serverMomentum, 0, 1);
    this.#learningRate = serverLearningRate;
    this.#momentum = serverMomentum;
  }

  /** True: the rule takes the mean alone. */
  override get usesMeanOnly(): boolean {
    return true;
  }

  /** The model sent, moved towards the mean with momentum. */
  protected override aggregateModels(
    round: Round,
    replies: readonly CheckedReply[],
  ): ReadonlyMap<string, Tensor> {
    const average = super.aggregateModels(round, replies);
    if (this.#learningRate === 1 && this.#momentum === 0) return average; // FedAvg, to the bit
    return mapModel(round.arrays.viewTensors(), (name, sent) => {
      const { data } = average.get(name)!;
      const m = this.#moments.of(name, sent);
      return elementwise(sent, (i) => {
        const old = Number(sent.data[i]!);
        m[i] = this.#momentum * m[i]! + (old - Number(data[i]!));
        return old - this.#learningRate * m[i]!;
      });
    });
  }
}
