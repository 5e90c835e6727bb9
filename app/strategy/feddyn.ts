import type { Tensor } from "../../tensor/tensor.ts";
import type { ConfigRecord } from "../config_record.ts";
import { float } from "../float.ts";
import { checkCount, checkNumber } from "../../base/check_option.ts";
import { elementwise, mapModel } from "./arrays/elementwise.ts";
import { FedAvg, type FedAvgOptions } from "./fedavg.ts";
import type { CheckedReply } from "./contract/reply_contract.ts";
import type { PhasePlan, Round } from "./strategy.ts";
import { averageModels, weightFactors } from "./arrays/weighted_average.ts";

/** The setting with α in instructions. */
export const ALPHA_KEY = "feddyn-alpha";

/** Options of {@link FedDyn}. */
export interface FedDynOptions extends FedAvgOptions {
  /** α, the strength of the regularisation, above 0; 0.001 to 0.1 is common (default 0.01). */
  readonly alpha?: number;
  /** m, the number of nodes that take part in the run, from 1 (default: the nodes online in the round). */
  readonly numNodes?: number;
}

/**
 * FedDyn (Acar et al., 2021, arXiv:2111.04263): a dynamic regulariser makes the minima of the nodes' losses agree with
 * that of the global loss. With θ the model sent, P the nodes that replied and θₖ their models,
 *
 *     node: minimises Lₖ(θₖ) − ⟨λₖ, θₖ⟩ + α/2·‖θₖ − θ‖²;   λₖ ← λₖ − α·(θₖ − θ)
 *     server: h ← h − α/m·Σ (θₖ − θ);   θ ← mean(θₖ) − h/α
 *
 * Means are unweighted, as in the paper. The node's half is `dynRound`, which keeps λₖ in the node's state. Computed in
 * double precision.
 */
export class FedDyn extends FedAvg {
  readonly #alpha: number;
  readonly #numNodes: number | undefined;
  readonly #h = this.moments();
  #online = 0;

  /**
   * Creates the strategy.
   *
   * @throws FlwrError "invalid-argument" when an option is out of range
   */
  constructor({ alpha = 0.01, numNodes, ...options }: FedDynOptions = {}) {
    super(options);
    checkNumber("alpha", alpha, 1e-12, 1e12);
    if (numNodes !== undefined) checkCount("numNodes", numNodes, 1);
    this.#alpha = alpha;
    this.#numNodes = numNodes;
  }

  /** Sends each chosen node the model and α. */
  override async configureTrain(round: Round): Promise<PhasePlan> {
    const plan = await super.configureTrain(round);
    this.#online = plan.available;
    return plan;
  }

  /** Adds α to the nodes' settings as "feddyn-alpha". */
  protected override trainConfig(round: Round): ConfigRecord {
    return super.trainConfig(round).set(ALPHA_KEY, float(this.#alpha));
  }

  /** The mean of the models, corrected by h. */
  protected override aggregateModels(
    round: Round,
    replies: readonly CheckedReply[],
  ): ReadonlyMap<string, Tensor> {
    const models = replies.map(({ tensors }) => tensors);
    const mean = averageModels(models, weightFactors(models.map(() => 1)));
    const share = models.length / Math.max(this.#numNodes ?? this.#online, models.length);
    return mapModel(round.arrays.viewTensors(), (name, sent) => {
      const { data } = mean.get(name)!;
      const h = this.#h.of(name, sent);
      return elementwise(sent, (i) => {
        const average = Number(data[i]!);
        h[i] = h[i]! - this.#alpha * share * (average - Number(sent.data[i]!));
        return average - h[i]! / this.#alpha;
      });
    });
  }
}
