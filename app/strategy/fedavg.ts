import { currentRandom } from "../../base/current_random.ts";
import { type Random, seededRandom } from "../../base/random.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { ArrayRecord } from "../array_record.ts";
import { checkCount, checkNumber } from "../../base/check_option.ts";
import type { Grid } from "../grid.ts";
import type { NodeId } from "../../entities/metadata.ts";
import type { Aggregator } from "./aggregator/aggregator.ts";
import { collecting } from "./aggregator/collecting.ts";
import { ComposedStrategy, type MetricsAggrFn, type StrategyParts } from "./composed_strategy.ts";
import { MAX_UPDATE_NORM, ModelContract } from "./contract/model_contract.ts";
import { MAX_NUM_EXAMPLES } from "./contract/reply_check.ts";
import type { CheckedReply } from "./contract/reply_contract.ts";
import type { LargeUpdateAction } from "./contract/update_bound.ts";
import { averageMetrics } from "./average_metrics.ts";
import { requestInitialArrays } from "./initial_arrays.ts";
import { phaseOf, type Round } from "./round/round.ts";
import type { Moments } from "./rule/moments.ts";
import { FractionSelection } from "./selection/fraction_selection.ts";

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
   * Largest accepted update: the Euclidean norm of the difference between a node's model and the model that it
   * received, over all arrays together, including counters. Above 0; Infinity disables the limit (default 10³⁰, which
   * no sound model reaches).
   */
  readonly maxUpdateNorm?: number;
  /**
   * Action for a larger update: "refuse" makes the reply a failure of its node, "clip" scales the update down to
   * `maxUpdateNorm` (default "refuse").
   */
  readonly largeUpdates?: LargeUpdateAction;
  /**
   * Whether to accept floating-point arrays of another width than those sent, and to convert them to the type sent. Use
   * it for float64 models whose nodes reply in float32 (default false).
   */
  readonly convertFloats?: boolean;
  /**
   * Largest total size of the replies that the ServerApp holds, in bytes, from 0 (default 64 MiB). Above the limit,
   * strategies that average add each reply as it arrives: see {@link FedAvg}.
   */
  readonly maxHeldBytes?: number;
  /** Seed that makes the choice of nodes repeatable (default: random). */
  readonly seed?: number;
}

/**
 * Federated averaging (McMahan et al., 2017, arXiv:1602.05629): the new model is the average of the nodes' models,
 * weighted by their numbers of examples.
 *
 * Equal replies give bit-identical models, in whatever order they arrive. If a round's replies total at most
 * `maxHeldBytes`, they are averaged in ascending order of node id, and the result equals Flower's bit for bit.
 * Otherwise they are added as they arrive, in about 77 bits, and the ServerApp holds one reply at a time, whatever the
 * number of nodes. Then a reply cannot be left out afterwards: if the average is not finite, the old model stays.
 *
 * It is a {@link ComposedStrategy}. Derived strategies pass their own parts, or override a hook.
 */
export class FedAvg extends ComposedStrategy {
  /** The options, with their defaults. */
  protected readonly options: Required<
    Omit<FedAvgOptions, "seed" | "maxHeldBytes" | "convertFloats">
  >;
  /** The generator that chooses the node that is asked for the initial model. */
  protected readonly random: Random;
  /** Number of moments that derived strategies have asked for. */
  #moments = 0;

  /**
   * Creates the strategy.
   *
   * @param parts replacements for the parts of federated averaging
   * @throws FlwrError "invalid-argument" that names the option that is out of range
   */
  constructor(options: FedAvgOptions = {}, parts: StrategyParts = {}) {
    checkOptions(options);
    const { seed, minAvailableNodes } = options;
    const select = (fraction?: number, minNodes?: number) =>
      new FractionSelection({ fraction, minNodes, minAvailableNodes, seed });
    super({
      ...options,
      selection: select(options.fractionTrain, options.minTrainNodes),
      evaluateSelection: select(options.fractionEvaluate, options.minEvaluateNodes),
      contract: new ModelContract({ ...options, arrayrecordKey: undefined }),
      ...parts,
    });
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
    this.random = seed === undefined ? currentRandom() : seededRandom(seed);
  }

  /** Asks one random node for its model. */
  override initialArrays(
    grid: Grid,
    options: { readonly timeout: number; readonly signal?: AbortSignal },
  ): Promise<{ arrays: ArrayRecord; nodeId?: NodeId }> {
    return requestInitialArrays(grid, this.random, options);
  }

  /** The aggregator, or the hooks that a derived strategy overrides, which get all replies together. */
  protected override get aggregator(): Aggregator {
    const isHooked = this.selectReplies !== FedAvg.prototype.selectReplies ||
      this.aggregateModels !== FedAvg.prototype.aggregateModels;
    if (!isHooked) return super.aggregator;
    return collecting((replies, round) => {
      const chosen = this.selectReplies(replies);
      const arrays = this.aggregateModels(round, chosen);
      return { arrays, nodeIds: chosen.map(({ nodeId }) => nodeId) };
    });
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
    return this.state.moments(`moments-${++this.#moments}`);
  }

  /**
   * Aggregates the nodes' models, by default with the strategy's aggregator; derived strategies override it. It is called
   * again in the same round, with fewer replies, if the result is not finite: keep state only in {@link moments}.
   *
   * @param replies at least one, in ascending order of node id, with weights whose sum is above 0
   */
  protected aggregateModels(
    round: Round,
    replies: readonly CheckedReply[],
  ): ReadonlyMap<string, Tensor> {
    const aggregation = super.aggregator.begin(phaseOf(round, "train"), replies);
    for (const reply of replies) aggregation.accumulate(reply);
    return aggregation.finish().arrays;
  }
}

function checkOptions(options: FedAvgOptions): void {
  for (const name of ["fractionTrain", "fractionEvaluate"] as const) {
    const value = options[name];
    if (value !== undefined) checkNumber(name, value, 0, 1);
  }
  for (const name of ["minTrainNodes", "minEvaluateNodes", "minAvailableNodes"] as const) {
    const value = options[name];
    if (value !== undefined) checkCount(name, value, 1);
  }
}
