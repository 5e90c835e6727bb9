import { FlwrError } from "../../base/error.ts";
import { firstNotFinite } from "../../tensor/first_not_finite.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { ArrayRecord } from "../array_record.ts";
import { sameShape } from "../nd_array.ts";
import { RecordDict } from "../record_dict.ts";
import { checkCount, checkNumber, checkPositive } from "../../base/check_option.ts";
import { elementwise, mapModel } from "./arrays/elementwise.ts";
import { FedAvg, type FedAvgOptions } from "./fedavg.ts";
import { mapFloats } from "./float_arrays.ts";
import { MAX_UPDATE_NORM, ModelContract } from "./contract/model_contract.ts";
import { type LearningRate, rateIn } from "./rule/learning_rate.ts";
import type { CheckedReply } from "./contract/reply_contract.ts";
import type { Tensors } from "./round/round.ts";
import type { PhasePlan, Round } from "./strategy.ts";
import { formatNorm, type LargeUpdateAction } from "./contract/update_bound.ts";
import { updateNorm } from "./arrays/update_norm.ts";
import { averageModels, weightFactors } from "./arrays/weighted_average.ts";

/** The record with the control variate: the server's in instructions, the node's change in replies. */
export const CONTROL_RECORD = "scaffold-control";

/** Options of {@link Scaffold}. */
export interface ScaffoldOptions extends FedAvgOptions {
  /** η_g, the server's learning rate, from 0, or a function of the round (default 1). */
  readonly serverLearningRate?: LearningRate;
  /** N, the number of nodes that take part in the run, from 1 (default: the nodes online in the round). */
  readonly numNodes?: number;
  /**
   * Largest accepted change of a node's control variate: its Euclidean norm over all arrays together, above 0 to 10³⁰
   * (default 10³⁰, which no sound change reaches). A change is about an update / (K·ηₗ), with K local steps of learning
   * rate ηₗ, so it may be far larger than the update. `largeUpdates` also decides the action for a larger change:
   * "clip" scales it down to this norm.
   */
  readonly maxControlNorm?: number;
}

/**
 * SCAFFOLD (Karimireddy et al., 2019, arXiv:1910.06378): control variates correct the drift of nodes with different data.
 * With x the model sent, yᵢ a node's model, S the nodes that replied, c and cᵢ the control variates of server and node,
 *
 *     node: each step subtracts ηₗ·(gᵢ − cᵢ + c);   cᵢ⁺ = cᵢ − c + (x − yᵢ) / (K·ηₗ)   (the paper's option II)
 *     server: x ← x + η_g·mean(yᵢ − x);   c ← c + |S|/N · mean(cᵢ⁺ − cᵢ)
 *
 * Means are unweighted, as in the paper. A reply without a sound change cᵢ⁺ − cᵢ is a failure of its node. The node's
 * half is {@link scaffoldRound}; nodes must use plain SGD. It keeps cᵢ in the node's state, so a node that restarts
 * begins with cᵢ = 0, while c still contains its share.
 */
export class Scaffold extends FedAvg {
  readonly #control = this.moments();
  readonly #rate: (round: number) => number;
  readonly #numNodes: number | undefined;
  #online = 0;

  /**
   * Creates the strategy.
   *
   * @throws FlwrError "invalid-argument" when an option is out of range
   */
  constructor(
    { serverLearningRate = 1, numNodes, maxControlNorm = MAX_UPDATE_NORM, ...options }:
      ScaffoldOptions = {},
  ) {
    const { largeUpdates = "refuse", arrayrecordKey = "arrays" } = options;
    const contract = new ModelContract({ ...options, arrayrecordKey });
    super(options, {
      contract: {
        check(reply, round) {
          if (round.phase !== "train") return contract.check(reply, round);
          const change = changeOf(reply.content);
          checkChange(change, round.sent);
          const bounded = boundChange(change, maxControlNorm, largeUpdates);
          const checked = contract.check(reply, round);
          if (bounded === change) return checked;
          const content = new RecordDict(
            [...checked.content].map(([name, record]) =>
              [name, name === CONTROL_RECORD ? ArrayRecord.fromTensors(bounded) : record] as const
            ),
          );
          return { ...checked, content };
        },
      },
    });
    checkPositive("maxControlNorm", maxControlNorm);
    checkNumber("maxControlNorm", maxControlNorm, 0, MAX_UPDATE_NORM);
    if (numNodes !== undefined) checkCount("numNodes", numNodes, 1);
    this.#rate = rateIn("serverLearningRate", serverLearningRate);
    this.#numNodes = numNodes;
  }

  /** Sends each chosen node the model and c, which is empty in the first round. */
  override async configureTrain(round: Round): Promise<PhasePlan> {
    if (round.number === 1) this.#control.clear(); // of an earlier run
    const plan = await super.configureTrain(round);
    this.#online = plan.available;
    const control = round.number === 1 ? new ArrayRecord() : ArrayRecord.fromTensors(
      mapFloats(round.arrays.viewTensors(), (name, like) => {
        const c = this.#control.of(name, like);
        return (i) => c[i]!;
      }),
    );
    const messages = plan.messages.map((message) =>
      message.withContent(new RecordDict([...message.content, [CONTROL_RECORD, control]]))
    );
    return { ...plan, messages };
  }

  /** The model sent, moved towards the mean of the models; updates c. */
  protected override aggregateModels(
    round: Round,
    replies: readonly CheckedReply[],
  ): ReadonlyMap<string, Tensor> {
    const models = replies.map(({ tensors }) => tensors);
    const mean = averageModels(models, weightFactors(models.map(() => 1)));
    const nodes = Math.max(this.#numNodes ?? this.#online, replies.length);
    const sent = round.arrays.viewTensors();
    const changes = replies.map(({ content }) => changeOf(content));
    for (const [name, like] of sent) {
      const having = changes.filter((change) => change.has(name));
      if (having.length === 0) continue;
      const c = this.#control.of(name, like);
      for (const change of having) {
        const { data } = change.get(name)!;
        for (let i = 0; i < c.length; i++) c[i] = c[i]! + Number(data[i]!) / nodes;
      }
    }
    const rate = this.#rate(round.number);
    if (rate === 1) return mean;
    return mapModel(sent, (name, old) => {
      const { data } = mean.get(name)!;
      return elementwise(old, (i) => {
        const from = Number(old.data[i]!);
        return from + rate * (Number(data[i]!) - from);
      });
    });
  }
}

function changeOf(content: RecordDict): Tensors {
  return content.arrayRecord(CONTROL_RECORD).viewTensors();
}

function refuse(problem: string): FlwrError {
  return new FlwrError("invalid-argument", `${CONTROL_RECORD} ${problem}`);
}

/** @throws FlwrError "invalid-argument" unless the change has floating-point arrays of the model, all finite */
function checkChange(change: Tensors, sent: Tensors): void {
  for (const [name, { data, dtype, shape }] of change) {
    const like = sent.get(name);
    if (like === undefined) throw refuse(`has an unknown array "${name}"`);
    if (!dtype.startsWith("float")) throw refuse(`has "${name}" of type ${dtype}`);
    if (!sameShape(shape, like.shape)) {
      throw refuse(`has "${name}" of shape [${shape}], expected [${like.shape}]`);
    }
    const odd = firstNotFinite(data);
    if (odd !== undefined) throw refuse(`has "${name}" with element ${odd} of ${data[odd]}`);
  }
}

/**
 * The change, or a clipped copy of a larger one.
 *
 * @throws FlwrError "invalid-argument" if it is refused
 */
function boundChange(change: Tensors, maxNorm: number, action: LargeUpdateAction): Tensors {
  const norm = updateNorm(new Map(), change);
  if (norm <= maxNorm) return change;
  if (action === "clip" && norm < Infinity) {
    const factor = maxNorm / norm;
    return mapModel(change, (_, own) => elementwise(own, (i) => factor * Number(own.data[i]!)));
  }
  throw refuse(
    `has norm ${formatNorm(norm)}, at most ${formatNorm(maxNorm)} is accepted (maxControlNorm)`,
  );
}
