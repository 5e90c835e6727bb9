import { FlwrError } from "../../base/error.ts";
import { systemRandom } from "../../base/random.ts";
import { ServerRound, type UnmaskedMean } from "../../secagg/plus/server_round.ts";
import { checkRoundSettings, type RoundSettings } from "../../secagg/plus/settings.ts";
import { MIN_NODES, shareCounts } from "../../secagg/plus/share_counts.ts";
import { shuffled } from "../../secagg/ring.ts";
import { arrayConstructor } from "../../tensor/dtype.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import { ArrayRecord } from "../array_record.ts";
import { ConfigRecord } from "../config_record.ts";
import { float } from "../float.ts";
import { CURRENT_NAMES } from "../legacy/names.ts";
import type { Message } from "../message.ts";
import { RecordDict } from "../record_dict.ts";
import type { PhasePlan, Round, Strategy, TrainOutcome } from "../strategy/strategy.ts";
import { averagedDType } from "../strategy/arrays/weighted_average.ts";
import { StrategyWrapper } from "../strategy/strategy_wrapper.ts";
import { checkedOptions, type SecAggPlusOptions } from "./options.ts";
import { CONFIGS, KEYS } from "./records.ts";
import { aggregateMean, type MeanOfNodes, requireMeanOnly, withoutMean } from "./secret_mean.ts";
import { type Planned, stageMessage, Stages } from "./stages.ts";

/**
 * Secure aggregation with SecAgg+ (Bell et al., 2020, doi:10.1145/3372297.3417885) around a strategy: the ServerApp learns
 * the weighted mean of the nodes' models, not the individual models. The strategy then gets this mean as the reply of
 * every node,
 * with the node's own metrics.
 *
 * It speaks the protocol of Flower's `SecAggPlusWorkflow`: nodes need `secAggPlusMod`, or `secaggplus_mod` in Python.
 * Nodes may be lost in each of the four stages, as long as every node keeps as many neighbours as the threshold
 * requires. The numbers of examples and all metrics are sent in the clear: see docs/secure-aggregation.md for what is
 * guaranteed.
 *
 * @example
 * ```ts
 * const strategy = new SecAggPlus(new FedAvg({ minTrainNodes: 3 }), { maxWeight: 50_000 });
 * const { arrays } = await strategy.start(grid, { numRounds: 3 });
 * ```
 */
export class SecAggPlus extends StrategyWrapper {
  readonly #options: Required<SecAggPlusOptions>;
  #planned: Planned | undefined;

  /**
   * Puts secure aggregation around a strategy.
   *
   * @param strategy chooses nodes, and computes the new model from their mean
   * @throws FlwrError "invalid-argument" naming the option that is out of range, or a strategy that needs more than the
   *   mean of the nodes' models, or runs its own rounds
   */
  constructor(strategy: Strategy, options: SecAggPlusOptions = {}) {
    super(strategy);
    requireMeanOnly("SecAggPlus", strategy);
    this.#options = checkedOptions(options);
  }

  /** Includes the name of the inner strategy. */
  override get name(): string {
    return `${this.inner.name} with SecAgg+`;
  }

  /**
   * The nodes that the inner strategy chooses, with the instructions of stage "setup".
   *
   * @throws FlwrError "failed-precondition" in the first round for fewer than 3 nodes, or options that do not fit their number
   */
  override async configureTrain(round: Round): Promise<PhasePlan> {
    this.#planned = undefined;
    const { messages, available } = await this.inner.configureTrain(round);
    if (messages.length === 0) return { messages, available };
    const instructions = new Map(messages.map((message) => [message.metadata.dstNodeId, message]));
    const problem = this.#problemWith(messages.length);
    if (problem !== undefined) {
      // In later rounds, too few nodes are a failure of the round, not of the options.
      if (round.number === 1) throw problem;
      round.grid.report({ type: "note", text: `    ${problem.message}` });
      return { messages: [], available };
    }
    const settings = this.#settings(messages.length);
    const shapes = [...round.arrays.viewTensors().values()].map(({ shape }) => shape);
    const ring = shuffled(instructions.keys(), systemRandom.uniform);
    const protocol = new ServerRound(ring, settings, shapes);
    this.#planned = { number: round.number, protocol, instructions };
    const content = new RecordDict({ [CONFIGS]: setupConfigs(settings) });
    const { timeout } = this.#options;
    return {
      messages: messages.map(({ metadata }) => stageMessage(round, metadata.dstNodeId, content))
        .map((message) => message.withMetadata({ ttl: Math.min(message.metadata.ttl, timeout) })),
      available,
    };
  }

  /** Runs the other stages, and gives the inner strategy the nodes' mean. */
  override async aggregateTrain(round: Round, replies: readonly Message[]): Promise<TrainOutcome> {
    const planned = this.#planned;
    this.#planned = undefined;
    if (planned?.number !== round.number) {
      throw new FlwrError("internal", `SecAgg+: round ${round.number} was not planned`);
    }
    const stages = new Stages(round, planned, this.#options);
    let known: MeanOfNodes;
    try {
      const { mean, collected } = await stages.run(replies);
      const arrays = arraysOf(round.arrays, mean);
      known = {
        instructions: planned.instructions,
        replies: new Map(
          [...collected].map(([nodeId, { rest }]) =>
            [nodeId, new RecordDict([[CURRENT_NAMES.arrays, arrays], ...rest])] as const
          ),
        ),
        failures: stages.failures,
        leftOut: "Left out: too few of its neighbours are left",
      };
    } catch (error) {
      return withoutMean(round, stages.failures, error);
    }
    return await aggregateMean(round, this.inner, known);
  }

  #problemWith(nodes: number): FlwrError | undefined {
    if (nodes < MIN_NODES) {
      return new FlwrError(
        "failed-precondition",
        `SecAgg+ needs at least ${MIN_NODES} nodes, got ${nodes}: with two, each could compute the other's model`,
        { hints: [`Set minTrainNodes: ${MIN_NODES} in the strategy: it then waits for them`] },
      );
    }
    try {
      checkRoundSettings(this.#settings(nodes));
      return undefined;
    } catch (error) {
      if (error instanceof FlwrError) return error;
      throw error;
    }
  }

  #settings(nodes: number): RoundSettings {
    const { maxWeight, clippingRange, quantizationRange, modulusRange } = this.#options;
    return {
      ...{ sampleNum: nodes, ...shareCounts(this.#options, nodes) },
      ...{ maxWeight, clippingRange, quantizationRange, modulus: modulusRange },
    };
  }
}

/** The types that Python's modifier requires: number ranges are doubles, even if they are whole. */
function setupConfigs(settings: RoundSettings): ConfigRecord {
  return new ConfigRecord({
    [KEYS.stage]: "setup",
    [KEYS.sampleNum]: settings.sampleNum,
    [KEYS.shareNum]: settings.shareNum,
    [KEYS.threshold]: settings.threshold,
    [KEYS.clippingRange]: float(settings.clippingRange),
    [KEYS.targetRange]: settings.quantizationRange,
    [KEYS.modRange]: settings.modulus,
    [KEYS.maxWeight]: float(settings.maxWeight),
  });
}

/** The mean under the model's names, with the types of an average. */
function arraysOf(model: ArrayRecord, { arrays }: UnmaskedMean): ArrayRecord {
  const tensors = [...model.viewTensors()].map(([name, { dtype, shape }], i): [string, Tensor] => {
    const averaged = averagedDType(dtype, shape.length);
    const data = new (arrayConstructor(averaged))(arrays[i]!.length);
    (data as Float64Array).set(arrays[i]!);
    return [name, tensor(averaged, shape, data)];
  });
  return ArrayRecord.fromTensors(tensors);
}
