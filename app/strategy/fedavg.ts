import { FlwrError } from "../../base/error.ts";
import { type Random, seededRandom, systemRandom } from "../../base/random.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { ArrayRecord } from "../array_record.ts";
import type { ConfigRecord } from "../config_record.ts";
import type { Grid } from "../grid.ts";
import { Message } from "../message.ts";
import { MessageTypes } from "../message_type.ts";
import type { MessageType, NodeId } from "../../entities/metadata.ts";
import type { MetricRecord } from "../metric_record.ts";
import { RecordDict } from "../record_dict.ts";
import { averageMetrics } from "./average_metrics.ts";
import { checkCount, checkNumber } from "./check_option.ts";
import { ModelTypes } from "./finite_model.ts";
import { requestInitialArrays } from "./initial_arrays.ts";
import { Moments } from "./moments.ts";
import {
  type CheckedReplies,
  type CheckedReply,
  checkReplies,
  MAX_NUM_EXAMPLES,
} from "./reply_check.ts";
import type { Failure } from "../result.ts";
import { sampleNodes, sampleSize } from "./sampling.ts";
import {
  type PhaseOutcome,
  type PhasePlan,
  type Round,
  Strategy,
  type TrainOutcome,
} from "./strategy.ts";
import {
  boundUpdates,
  formatNorm,
  inOrder,
  largestUpdate,
  type LargeUpdateAction,
} from "./update_bound.ts";
import { averageModels, weightFactors } from "./weighted_average.ts";

/**
 * The longest update that is believed, as a Euclidean norm, where the strategy does not say otherwise: beyond any model and
 * any sum that nodes may send instead of one, and low enough that its square stays a number.
 */
const MAX_UPDATE_NORM = 1e30;

/** How many replies a round leaves out, one after the other, to find a model that is finite; then the old model stays. */
const MAX_EXCLUDED_REPLIES = 10;

/** Aggregates the metrics of the accepted replies, which are sorted by node id. */
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
  /**
   * The largest update that is accepted: the Euclidean norm of the difference between a node's model and the one it was
   * sent, over all arrays together, counters too. Above 0; Infinity: no bound. Default: 10³⁰, which no sound model reaches.
   */
  readonly maxUpdateNorm?: number;
  /**
   * What happens to a larger update: "refuse" makes the reply a failure of its node, "clip" scales the update down to
   * `maxUpdateNorm`. Default: "refuse".
   */
  readonly largeUpdates?: LargeUpdateAction;
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
  readonly #types = new ModelTypes();
  readonly #state: Moments[] = [];

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
      maxUpdateNorm: options.maxUpdateNorm ?? MAX_UPDATE_NORM,
      largeUpdates: options.largeUpdates ?? "refuse",
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

  /**
   * The mean of the models by their number of examples, without the replies that cannot be used. Where the new model or
   * the strategy's state would not be finite, the reply with the largest update is refused and the others are aggregated
   * again.
   */
  override aggregateTrain(round: Round, replies: readonly Message[]): TrainOutcome {
    const sent = round.arrays.viewTensors();
    this.#types.learn(sent, round.number);
    // A strategy may drive several runs, one after the other.
    if (round.number === 1) { for (const moments of this.#state) moments.clear(); }
    const { accepted, failures } = this.#check(replies, round.arrays);
    const excluded: Failure[] = [];
    let remaining: readonly CheckedReply[] = accepted;
    while (excluded.length <= MAX_EXCLUDED_REPLIES && hasWeight(remaining)) {
      const chosen = this.selectReplies(remaining);
      const all = { accepted: chosen, failures: inOrder([...failures, ...excluded]) };
      const outcome = this.#outcome(all, this.options.trainMetricsAggrFn);
      if (!outcome.aggregated) return outcome;
      const made = this.#aggregateFinite(round, chosen);
      if (made.model !== undefined) {
        return { ...outcome, arrays: ArrayRecord.fromTensors(made.model) };
      }
      const { reply, norm } = largestUpdate(sent, chosen);
      const reason =
        `Reply rejected: its update is the largest (norm ${formatNorm(norm)}) of those ` +
        `whose aggregate is not finite: ${made.problem}`;
      excluded.push({ nodeId: reply.nodeId, reason });
      remaining = remaining.filter((other) => other !== reply);
    }
    return { results: [], failures: inOrder([...failures, ...excluded]), aggregated: false };
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
   * Doubles that a derived strategy remembers from round to round. They stay as they were where a round's model, or they
   * themselves, would not be finite.
   */
  protected moments(): Moments {
    const moments = new Moments();
    this.#state.push(moments);
    return moments;
  }

  /**
   * Makes the new model of the nodes' models. Derived strategies differ here. It is called again in the same round, with
   * fewer replies, where the result is not finite: keep state in {@link moments} only.
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

  /** The new model, if it and the strategy's state are finite; otherwise the state is as it was. */
  #aggregateFinite(
    round: Round,
    replies: readonly CheckedReply[],
  ): { model: ReadonlyMap<string, Tensor> } | { model: undefined; problem: string } {
    const model = this.aggregateModels(round, replies);
    const problem = this.#types.notFinite(model) ??
      this.#state.map((moments) => moments.notFinite()).find((found) => found !== undefined);
    for (const moments of this.#state) problem === undefined ? moments.keep() : moments.drop();
    return problem === undefined ? { model } : { model: undefined, problem };
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
    const { weightedByKey, maxNumExamples, maxUpdateNorm, largeUpdates } = this.options;
    const checked = checkReplies(replies, { arrays, weightedByKey, maxNumExamples });
    const bounded = arrays === undefined
      ? checked
      : boundUpdates(checked, arrays.viewTensors(), maxUpdateNorm, largeUpdates);
    return refuseWeightless(bounded, weightedByKey);
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
  if (hasWeight(accepted)) return { accepted, failures };
  const reason = `Reply rejected: metric "${key}" is 0 in every reply`;
  return {
    accepted: [],
    failures: [...failures, ...accepted.map(({ nodeId }) => ({ nodeId, reason }))],
  };
}

function hasWeight(replies: readonly CheckedReply[]): boolean {
  return replies.some(({ weight }) => weight > 0);
}

function checkOptions(options: Required<Omit<FedAvgOptions, "seed">>): void {
  for (const name of ["fractionTrain", "fractionEvaluate"] as const) {
    checkNumber(name, options[name], 0, 1);
  }
  for (const name of ["minTrainNodes", "minEvaluateNodes", "minAvailableNodes"] as const) {
    checkCount(name, options[name], 1);
  }
  if (options.maxUpdateNorm !== Infinity) {
    checkNumber("maxUpdateNorm", options.maxUpdateNorm, Number.MIN_VALUE);
  }
  if (!["refuse", "clip"].includes(options.largeUpdates)) {
    throw new FlwrError(
      "invalid-argument",
      `largeUpdates is "refuse" or "clip": got "${options.largeUpdates}"`,
    );
  }
}
