import { FlwrError } from "../../base/error.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import { checkNumber, checkPositive } from "../../base/check_option.ts";
import { elementwise, mapModel } from "./arrays/elementwise.ts";
import { FedAvg, type FedAvgOptions } from "./fedavg.ts";
import { checkedFirst, metricOf } from "./contract/checked_first.ts";
import { ModelContract } from "./contract/model_contract.ts";
import type { CheckedReply } from "./contract/reply_contract.ts";
import type { Round } from "./strategy.ts";
import { updateNorm } from "./arrays/update_norm.ts";

/** Default of `addedLoss`, as in Flower. It makes powers of a loss of 0 finite. */
const ADDED_LOSS = 1e-10;

/** Largest value of `maxLoss`: its powers are finite. */
const MAX_LOSS = 1e30;

const WIDE = { convertFloats: true };

/** Options of {@link QFedAvg}. */
export interface QFedAvgOptions extends FedAvgOptions {
  /** The learning rate of the nodes' training, above 0. L, the Lipschitz constant's estimate, is 1 / this rate. */
  readonly clientLearningRate: number;
  /** q, the weight of fairness, from 0 (the unweighted mean) to 10 (default 0.1). */
  readonly q?: number;
  /** Metric with a node's loss for the model that it received, from 0 to `maxLoss` (default "train_loss"). */
  readonly trainLossKey?: string;
  /**
   * Largest accepted loss of a node, above 0 to 10³⁰ (default 10⁶, beyond the mean loss of sound training). A node that
   * reports a larger loss than it has counts more, so set it to what your nodes can reach. A cross-entropy over c
   * classes starts near ln c.
   */
  readonly maxLoss?: number;
  /**
   * Number that is added to each loss, from 10⁻³⁰ to `maxLoss` (default 10⁻¹⁰, as in Flower). With q below 1, a node
   * with loss 0 and a nonzero update holds the whole model back, because its hₖ contains q·10⁻¹⁰^(q−1), which is 10⁸
   * for q = 0.1. If nodes can reach a loss of 0, set this option to a negligible loss, such as 0.01.
   */
  readonly addedLoss?: number;
  /**
   * Element types of the new model. "kept": those of the model. "float64": as in Flower with NumPy 2, which sends a
   * float32 model as float64 from the second round on (default "kept").
   */
  readonly elementTypes?: "kept" | "float64";
}

/**
 * q-FedAvg (Li et al., 2019, "Fair resource allocation in federated learning", arXiv:1905.10497): nodes with a larger
 * loss count more. With w the model sent, wₖ a node's model, Fₖ its loss and L = 1 / η,
 *
 *     gₖ = L·(w − wₖ);   Δₖ = Fₖ^q·gₖ;   hₖ = q·Fₖ^(q−1)·‖gₖ‖² + L·Fₖ^q;   w ← w − Σ Δₖ / Σ hₖ
 *
 * A reply whose loss is missing, negative or above `maxLoss` is a failure of its node. `addedLoss` is added to each loss.
 * Weights only apply to the metrics. Computed in double precision.
 */
export class QFedAvg extends FedAvg {
  readonly #lipschitz: number;
  readonly #q: number;
  readonly #lossKey: string;
  readonly #addedLoss: number;
  readonly #elementTypes: "kept" | "float64";

  /**
   * Creates the strategy.
   *
   * @throws FlwrError "invalid-argument" when an option is missing or out of range
   */
  constructor(
    {
      clientLearningRate,
      q = 0.1,
      trainLossKey = "train_loss",
      maxLoss = 1e6,
      addedLoss = ADDED_LOSS,
      elementTypes = "kept",
      ...options
    }: QFedAvgOptions,
  ) {
    const isWide = elementTypes === "float64";
    // Nodes with float32 networks reply in float32.
    const contract = new ModelContract({
      ...options,
      arrayrecordKey: undefined,
      ...isWide && WIDE,
    });
    super(options, {
      contract: checkedFirst(contract, (reply) => {
        metricOf(reply, trainLossKey, { min: 0, max: maxLoss });
      }),
    });
    checkNumber("clientLearningRate", clientLearningRate, 1e-30, 1e30);
    checkNumber("q", q, 0, 10);
    checkPositive("maxLoss", maxLoss);
    checkNumber("maxLoss", maxLoss, 0, MAX_LOSS);
    checkNumber("addedLoss", addedLoss, 1e-30, maxLoss);
    if (elementTypes !== "kept" && elementTypes !== "float64") {
      throw new FlwrError(
        "invalid-argument",
        `elementTypes must be "kept" or "float64": got "${elementTypes}"`,
      );
    }
    this.#lipschitz = 1 / clientLearningRate;
    this.#q = q;
    this.#lossKey = trainLossKey;
    this.#addedLoss = addedLoss;
    this.#elementTypes = elementTypes;
  }

  /** The model sent, moved by the nodes' updates, weighted by powers of their losses. */
  protected override aggregateModels(
    round: Round,
    replies: readonly CheckedReply[],
  ): ReadonlyMap<string, Tensor> {
    const sent = round.arrays.viewTensors();
    const powers: number[] = [];
    let total = 0;
    for (const { metrics, tensors } of replies) {
      const loss = metrics.number(this.#lossKey) + this.#addedLoss;
      const power = loss ** this.#q;
      const norm = this.#lipschitz * updateNorm(sent, tensors);
      powers.push(power);
      total += this.#q * loss ** (this.#q - 1) * norm * norm + this.#lipschitz * power;
    }
    // If the sum exceeds double precision, the update would be 0. NaN makes the strategy leave out the reply with the
    // largest update instead.
    if (total === Infinity) total = NaN;
    const factors = powers.map((power) => this.#lipschitz * power / total);
    const models = replies.map(({ tensors }) => tensors);
    return mapModel(sent, (name, old) => {
      const all = models.map((model) => model.get(name)!.data);
      const like = this.#elementTypes === "float64" && old.dtype !== "float64"
        ? tensor("float64", old.shape, new Float64Array(old.data.length))
        : old;
      return elementwise(like, (i) => {
        const from = Number(old.data[i]!);
        let move = 0;
        for (let k = 0; k < all.length; k++) move += factors[k]! * (from - Number(all[k]![i]!));
        return from - move;
      });
    });
  }
}
