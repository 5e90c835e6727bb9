import { FlwrError } from "../../base/error.ts";
import { type Random, seededRandom, type StatefulRandom, systemRandom } from "../../base/random.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { ArrayRecord } from "../array_record.ts";
import { type Checkpointable, misfit } from "../checkpoint/checkpointable.ts";
import { ConfigRecord } from "../config_record.ts";
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
 * Largest accepted norm of an update by default: larger than that of any sound model, or of a sum that nodes may send
 * instead of a mean, and small enough for its square to be finite.
 */
const MAX_UPDATE_NORM = 1e30;

/**
 * Most replies that a round leaves out, one after the other, to find a finite model. After that the old model stays.
 */
const MAX_EXCLUDED_REPLIES = 10;

/** Aggregates the metrics of the accepted replies, which are sorted by node id. */
export type MetricsAggrFn = (
  replies: readonly CheckedReply[],
  weightedByKey: string,
) => MetricRecord;

/** Options of {@link FedAvg}. Names and defaults are Flower's, except for options that Flower does not have. */
export interface FedAvgOptions {
  /** Share of the online nodes that train in each round, 0 to 1; 0 skips training (default 1). */
  readonly fractionTrain?: number;
  /** Share of the online nodes that evaluate in each round, 0 to 1; 0 skips evaluation (default 1). */
  readonly fractionEvaluate?: number;
  /** Smallest number of nodes that train, from 1 (default 2). */
  readonly minTrainNodes?: number;
  /** Smallest number of nodes that evaluate, from 1 (default 2). */
  readonly minEvaluateNodes?: number;
  /** Number of nodes that must be online before nodes are chosen, from 1 (default 2). */
  readonly minAvailableNodes?: number;
  /** Metric with the weight of a node's model and metrics (default "num-examples"). */
  readonly weightedByKey?: string;
  /** Name of the model's record in instructions (default "arrays"). */
  readonly arrayrecordKey?: string;
  /** Name of the settings' record in instructions (default "config"). */
  readonly configrecordKey?: string;
  /** Aggregates the metrics of training (default: weighted average). */
  readonly trainMetricsAggrFn?: MetricsAggrFn;
  /** Aggregates the metrics of evaluation (default: weighted average). */
  readonly evaluateMetricsAggrFn?: MetricsAggrFn;
  /** Whether a phase with failures is aggregated from the other replies (default true). */
  readonly acceptFailures?: boolean;
  /** Largest accepted weight of a reply (default 10⁹). */
  readonly maxNumExamples?: number;
  /**
   * Largest accepted update: the Euclidean norm of the difference between a node's model and the one it was sent, over
   * all arrays together, including counters. Above 0; Infinity disables the limit (default 10³⁰, which no sound model
   * reaches).
   */
  readonly maxUpdateNorm?: number;
  /**
   * Action for a larger update: "refuse" makes the reply a failure of its node, "clip" scales the update down to
   * `maxUpdateNorm` (default "refuse").
   */
  readonly largeUpdates?: LargeUpdateAction;
  /** Seed that makes the choice of nodes repeatable (default: random). */
  readonly seed?: number;
}

/**
 * Federated averaging (McMahan et al., 2017, arXiv:1602.05629): the new model is the average of the nodes' models,
 * weighted by their numbers of examples.
 *
 * Replies are averaged in ascending order of node id, so equal replies give bit-identical models, whatever order they
 * arrive in.
 */
export class FedAvg extends Strategy implements Checkpointable {
  /** The options, with their defaults. */
  protected readonly options: Required<Omit<FedAvgOptions, "seed">>;
  /** The generator that chooses nodes. */
  protected readonly random: Random;
  readonly #seed: number | undefined;
  readonly #seeded: StatefulRandom | undefined;
  readonly #types = new ModelTypes();
  readonly #state: Moments[] = [];

  /**
   * Creates the strategy.
   *
   * @throws FlwrError "invalid-argument" that names the option that is out of range
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
    this.#seed = options.seed;
    this.#seeded = options.seed === undefined ? undefined : seededRandom(options.seed);
    this.random = this.#seeded ?? systemRandom;
  }

  /**
   * The state that the next round depends on: moments, and with a seed the random state. A derived strategy that keeps
   * state elsewhere than in {@link moments} adds it, in this method and in {@link loadState}.
   */
  saveState(): RecordDict {
    const about = new ConfigRecord({ moments: this.#state.length });
    if (this.#seeded !== undefined) {
      about.setTyped("seed", { type: "double", value: this.#seed! });
      about.set("random", this.#seeded.state);
    }
    const state = new RecordDict({ [ABOUT]: about, types: this.#types.save() });
    this.#state.forEach((moments, place) => state.set(`moments-${place}`, moments.save()));
    return state;
  }

  /**
   * Restores the state of {@link saveState}.
   *
   * @throws FlwrError "failed-precondition" if the strategy that saved it had another seed, or other moments
   */
  loadState(state: RecordDict): void {
    const about = state.configRecord(ABOUT);
    const seed = about.has("seed") ? about.number("seed") : undefined;
    if (!Object.is(seed, this.#seed)) {
      throw misfit(
        `its strategy had ${seedText(seed)}, and the app's has ${seedText(this.#seed)}`,
        seed === undefined
          ? "Leave the strategy's option seed out"
          : `Set the strategy's option seed to ${seed}`,
      );
    }
    if (about.number("moments") !== this.#state.length) {
      throw misfit(
        "its strategy keeps other state than the app's",
        "Start the strategy that saved it",
      );
    }
    const saved = this.#state.map((_, place) => state.arrayRecord(`moments-${place}`));
    this.#types.load(state.configRecord("types"));
    this.#state.forEach((moments, place) => moments.load(saved[place]!));
    if (this.#seeded !== undefined) this.#seeded.state = about.numbers("random");
  }

  /** Asks one random node for its model. */
  override initialArrays(
    grid: Grid,
    options: { readonly timeout: number; readonly signal?: AbortSignal },
  ): Promise<{ arrays: ArrayRecord; nodeId: NodeId }> {
    return requestInitialArrays(grid, this.random, options);
  }

  /** Chooses `fractionTrain` of the online nodes at random, and sends each the model. */
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

  /** Chooses `fractionEvaluate` of the online nodes at random, and sends each the model. */
  override configureEvaluate(round: Round): Promise<PhasePlan> {
    const { fractionEvaluate, minEvaluateNodes } = this.options;
    const config = this.evaluateConfig(round);
    return this.#plan(round, MessageTypes.Evaluate, config, fractionEvaluate, minEvaluateNodes);
  }

  /**
   * Averages the models by their number of examples, without the replies that cannot be used. If the new model or the
   * strategy's state would not be finite, the reply with the largest update is refused and the others are aggregated
   * again.
   */
  override aggregateTrain(round: Round, replies: readonly Message[]): TrainOutcome {
    const sent = round.arrays.viewTensors();
    this.#types.record(sent, round.number);
    // A strategy may run several times, one run after the other.
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

  /** Aggregates the metrics with `evaluateMetricsAggrFn` (default: the mean, weighted by the number of examples). */
  override aggregateEvaluate(_round: Round, replies: readonly Message[]): PhaseOutcome {
    return this.#outcome(this.#check(replies), this.options.evaluateMetricsAggrFn);
  }

  /** The settings sent to nodes for training. Derived strategies add to them. */
  protected trainConfig({ config, number }: Round): ConfigRecord {
    return config.set("server-round", number);
  }

  /** The settings sent to nodes for evaluation. Derived strategies add to them. */
  protected evaluateConfig({ config, number }: Round): ConfigRecord {
    return config.set("server-round", number);
  }

  /**
   * Selects the accepted replies that go into the new model and into the metrics of training (here: all).
   *
   * @param replies in ascending order of node id
   */
  protected selectReplies(replies: readonly CheckedReply[]): readonly CheckedReply[] {
    return replies;
  }

  /**
   * State of a derived strategy: doubles that are kept from round to round. They stay unchanged in a round in which the
   * model or the state would not be finite.
   */
  protected moments(): Moments {
    const moments = new Moments();
    this.#state.push(moments);
    return moments;
  }

  /**
   * Aggregates the nodes' models into the new model; derived strategies override it. It is called again in the same
   * round, with fewer replies, if the result is not finite: keep state only in {@link moments}.
   *
   * @param replies at least one, in ascending order of node id, with weights whose sum is above 0
   */
  protected aggregateModels(
    _round: Round,
    replies: readonly CheckedReply[],
  ): ReadonlyMap<string, Tensor> {
    const factors = weightFactors(replies.map(({ weight }) => weight));
    return averageModels(replies.map(({ tensors }) => tensors), factors);
  }

  /** The new model, if it and the strategy's state are finite; otherwise the state stays unchanged. */
  #aggregateFinite(
    round: Round,
    replies: readonly CheckedReply[],
  ): { model: ReadonlyMap<string, Tensor> } | { model: undefined; problem: string } {
    const model = this.aggregateModels(round, replies);
    const problem = this.#types.notFinite(model) ??
      this.#state.map((moments) => moments.notFinite()).find((found) => found !== undefined);
    for (const moments of this.#state) {
      problem === undefined ? moments.keepDrafts() : moments.dropDrafts();
    }
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

/** Name of the record with the numbers of a strategy's state. */
const ABOUT = "state";

function seedText(seed: number | undefined): string {
  return seed === undefined ? "no seed" : `seed ${seed}`;
}

/** Refuses all replies if all their weights are 0, because they have no average. */
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
      `largeUpdates must be "refuse" or "clip": got "${options.largeUpdates}"`,
    );
  }
}
