import { type Random, seededRandom, systemRandom } from "../../base/random.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { ArrayRecord } from "../array_record.ts";
import type { ConfigRecord } from "../config_record.ts";
import type { Grid } from "../grid.ts";
import { MAX_NUM_EXAMPLES } from "../limits.ts";
import { Message } from "../message.ts";
import { MessageTypes } from "../message_type.ts";
import type { MessageType, NodeId } from "../metadata.ts";
import type { MetricRecord } from "../metric_record.ts";
import { RecordDict } from "../record_dict.ts";
import { averageMetrics } from "./average_metrics.ts";
import { checkCount, checkNumber } from "./check_option.ts";
import { requestInitialArrays } from "./initial_arrays.ts";
import { type CheckedReplies, type CheckedReply, checkReplies } from "./reply_check.ts";
import type { Failure } from "./result.ts";
import { sampleNodes, sampleSize } from "./sampling.ts";
import {
  type PhaseOutcome,
  type PhasePlan,
  type Round,
  Strategy,
  type TrainOutcome,
} from "./strategy.ts";
import { averageModels, weightFactors } from "./weighted_average.ts";

/** Aggregates the metrics of the replies that count, which come in ascending order of node id. */
export type MetricsAggrFn = (
  replies: readonly CheckedReply[],
  weightedByKey: string,
) => MetricRecord;

/** Options of {@link FedAvg}; names and defaults are Flower's where Flower has them. */
export interface FedAvgOptions {
  /** The part of the online nodes that trains in each round, 0 to 1; 0 skips training. Default: 1. */
  readonly fractionTrain?: number;
  /** The part of the online nodes that evaluates in each round, 0 to 1; 0 skips evaluation. Default: 1. */
  readonly fractionEvaluate?: number;
  /** How many nodes train at least. Default: 2. */
  readonly minTrainNodes?: number;
  /** How many nodes evaluate at least. Default: 2. */
  readonly minEvaluateNodes?: number;
  /** How many nodes must be online before any is chosen. Default: 2. */
  readonly minAvailableNodes?: number;
  /** The metric that models and metrics are weighed by. Default: "num-examples". */
  readonly weightedByKey?: string;
  /** The name of the model's record in instructions. Default: "arrays". */
  readonly arrayrecordKey?: string;
  /** The name of the settings' record in instructions. Default: "config". */
  readonly configrecordKey?: string;
  /** How the metrics of training are aggregated. Default: averaged by weight. */
  readonly trainMetricsAggrFn?: MetricsAggrFn;
  /** How the metrics of evaluation are aggregated. Default: averaged by weight. */
  readonly evaluateMetricsAggrFn?: MetricsAggrFn;
  /** Whether a phase with failures is aggregated from the other replies. Default: true. */
  readonly acceptFailures?: boolean;
  /** The largest weight that is believed of a reply. Default: 10⁹. */
  readonly maxNumExamples?: number;
  /** Makes the choice of nodes repeatable. Default: by chance. */
  readonly seed?: number;
}

/**
 * Federated averaging (McMahan et al., 2017, arXiv:1602.05629): the new model is the average of the nodes' models,
 * weighed by their numbers of examples.
 *
 * Replies are averaged in ascending order of node id, so equal replies give equal bits, in whatever order they come.
 */
export class FedAvg extends Strategy {
  /** The options, with their defaults. */
  protected readonly options: Required<Omit<FedAvgOptions, "seed">>;
  /** What nodes are drawn with. */
  protected readonly random: Random;

  /**
   * The strategy with these options.
   *
   * @throws FlwrError "invalid-argument" naming the option that is out of range
   */
  constructor(options: FedAvgOptions = {}) {
    super();
    const byWeight: MetricsAggrFn = averageMetrics;
    this.options = {
      fractionTrain: options.fractionTrain ?? 1,
      fractionEvaluate: options.fractionEvaluate ?? 1,
      minTrainNodes: options.minTrainNodes ?? 2,
      minEvaluateNodes: options.minEvaluateNodes ?? 2,
      minAvailableNodes: options.minAvailableNodes ?? 2,
      weightedByKey: options.weightedByKey ?? "num-examples",
      arrayrecordKey: options.arrayrecordKey ?? "arrays",
      configrecordKey: options.configrecordKey ?? "config",
      trainMetricsAggrFn: options.trainMetricsAggrFn ?? byWeight,
      evaluateMetricsAggrFn: options.evaluateMetricsAggrFn ?? byWeight,
      acceptFailures: options.acceptFailures ?? true,
      maxNumExamples: options.maxNumExamples ?? MAX_NUM_EXAMPLES,
    };
    checkOptions(this.options);
    this.random = options.seed === undefined ? systemRandom : seededRandom(options.seed);
  }

  /** Asks one node, drawn at random, for its model. */
  override initialArrays(
    grid: Grid,
    options: { readonly timeout: number; readonly signal?: AbortSignal },
  ): Promise<{ arrays: ArrayRecord; nodeId: NodeId }> {
    return requestInitialArrays(grid, this.random, options);
  }

  /** Draws `fractionTrain` of the nodes that are online, and sends each the model. */
  override configureTrain(round: Round): Promise<PhasePlan> {
    const { fractionTrain, minTrainNodes } = this.options;
    return this.#plan(
      round,
      MessageTypes.Train,
      this.trainConfig(round),
      fractionTrain,
      minTrainNodes,
    );
  }

  /** Draws `fractionEvaluate` of the nodes that are online, and sends each the model. */
  override configureEvaluate(round: Round): Promise<PhasePlan> {
    const { fractionEvaluate, minEvaluateNodes } = this.options;
    const config = this.evaluateConfig(round);
    return this.#plan(round, MessageTypes.Evaluate, config, fractionEvaluate, minEvaluateNodes);
  }

  /** The mean of the models by their number of examples, without the replies that cannot be used. */
  override aggregateTrain(round: Round, replies: readonly Message[]): TrainOutcome {
    const { accepted, failures } = this.#check(replies, round.arrays);
    const chosen = this.selectReplies(accepted);
    const outcome = this.#outcome({ accepted: chosen, failures }, this.options.trainMetricsAggrFn);
    if (!outcome.aggregated) return outcome;
    const arrays = ArrayRecord.fromTensors(this.aggregateModels(round, chosen));
    return { ...outcome, arrays };
  }

  /** What `evaluateMetricsAggrFn` makes of the metrics: their mean by the number of examples. */
  override aggregateEvaluate(_round: Round, replies: readonly Message[]): PhaseOutcome {
    return this.#outcome(this.#check(replies), this.options.evaluateMetricsAggrFn);
  }

  /** What the nodes are told for training. Derived strategies add to it. */
  protected trainConfig({ config, number }: Round): ConfigRecord {
    return config.set("server-round", number);
  }

  /** What the nodes are told for evaluation. Derived strategies add to it. */
  protected evaluateConfig({ config, number }: Round): ConfigRecord {
    return config.set("server-round", number);
  }

  /**
   * Chooses which of the replies that count go into the new model, and into the metrics of training. Here all do.
   *
   * @param replies in ascending order of node id
   */
  protected selectReplies(replies: readonly CheckedReply[]): readonly CheckedReply[] {
    return replies;
  }

  /**
   * Makes the new model of the nodes' models. Derived strategies differ here.
   *
   * @param replies at least one, with weights whose sum is above 0, in ascending order of node id
   */
  protected aggregateModels(
    _round: Round,
    replies: readonly CheckedReply[],
  ): ReadonlyMap<string, Tensor> {
    const factors = weightFactors(replies.map(({ weight }) => weight));
    return averageModels(replies.map(({ tensors }) => tensors), factors);
  }

  /** The same instruction for each of a random choice of nodes. */
  async #plan(
    { number, arrays, grid, signal }: Round,
    messageType: MessageType,
    config: ConfigRecord,
    fraction: number,
    minimum: number,
  ): Promise<PhasePlan> {
    if (fraction === 0) return { messages: [], available: 0 };
    const { minAvailableNodes, arrayrecordKey, configrecordKey } = this.options;
    const online = await grid.waitForNodes(Math.max(minAvailableNodes, minimum), { signal });
    const nodeIds = sampleNodes(online, sampleSize(online.length, fraction, minimum), this.random);
    const content = new RecordDict([[arrayrecordKey, arrays], [configrecordKey, config]]);
    const messages = nodeIds.map((dstNodeId) =>
      Message.create({
        content,
        dstNodeId,
        messageType,
        groupId: String(number),
        clock: grid.clock,
      })
    );
    return { messages, available: online.length };
  }

  #check(replies: readonly Message[], arrays?: ArrayRecord): CheckedReplies {
    const { weightedByKey, maxNumExamples } = this.options;
    return refuseWeightless(
      checkReplies(replies, { arrays, weightedByKey, maxNumExamples }),
      weightedByKey,
    );
  }

  #outcome(
    { accepted, failures }: { accepted: readonly CheckedReply[]; failures: readonly Failure[] },
    aggregate: MetricsAggrFn,
  ): PhaseOutcome {
    const results = accepted.map(({ nodeId }) => nodeId);
    const spoilt = failures.length > 0 && !this.options.acceptFailures;
    if (results.length === 0 || spoilt) return { results, failures, aggregated: false };
    const metrics = aggregate(accepted, this.options.weightedByKey);
    return { results, failures, aggregated: true, metrics };
  }
}

/** Replies that all weigh nothing have no average: none of them counts. */
function refuseWeightless({ accepted, failures }: CheckedReplies, key: string): CheckedReplies {
  if (accepted.some(({ weight }) => weight > 0)) return { accepted, failures };
  const reason = `Reply refused: Metric "${key}" is 0 in every reply`;
  return {
    accepted: [],
    failures: [...failures, ...accepted.map(({ nodeId }) => ({ nodeId, reason }))],
  };
}

function checkOptions(options: Required<Omit<FedAvgOptions, "seed">>): void {
  for (const name of ["fractionTrain", "fractionEvaluate"] as const) {
    checkNumber(name, options[name], 0, 1);
  }
  for (const name of ["minTrainNodes", "minEvaluateNodes", "minAvailableNodes"] as const) {
    checkCount(name, options[name], 1);
  }
}
