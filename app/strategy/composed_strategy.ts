import { currentRandom } from "../../base/current_random.ts";
import type { NodeId } from "../../entities/metadata.ts";
import type { ArrayRecord } from "../array_record.ts";
import { checkNumber } from "../../base/check_option.ts";
import type { ConfigRecord } from "../config_record.ts";
import type { Exchange } from "../exchange.ts";
import type { Grid } from "../grid.ts";
import { Message } from "../message.ts";
import { MessageTypes } from "../message_type.ts";
import type { MetricRecord } from "../metric_record.ts";
import { namedEntries } from "../named_map.ts";
import { RecordDict } from "../record_dict.ts";
import type { PhaseName } from "../result.ts";
import type { Aggregator } from "./aggregator/aggregator.ts";
import { WeightedMean } from "./aggregator/mean.ts";
import { ModelTypes } from "./arrays/finite_model.ts";
import { averageMetrics } from "./average_metrics.ts";
import {
  collectMetrics,
  Collector,
  type CollectorParts,
  type ReplyCollector,
} from "./collector.ts";
import { ModelContract } from "./contract/model_contract.ts";
import type { CheckedReply, ReplyContract } from "./contract/reply_contract.ts";
import { foldPlan } from "./fold/fold_plan.ts";
import { ReplyFold } from "./fold/reply_fold.ts";
import { requestInitialArrays } from "./initial_arrays.ts";
import type { Postprocessor } from "./postprocessor/postprocessor.ts";
import { phaseOf, type PhaseRound, type Round } from "./round/round.ts";
import { RuleState } from "./rule/rule_state.ts";
import { replaceRule, type ServerRule } from "./rule/server_rule.ts";
import { FractionSelection } from "./selection/fraction_selection.ts";
import type { Selection } from "./selection/selection.ts";
import { type PhaseOutcome, type PhasePlan, Strategy, type TrainOutcome } from "./strategy.ts";

/** Aggregates the metrics of the accepted replies, which are sorted by node id. */
export type MetricsAggrFn = (
  replies: readonly CheckedReply[],
  weightedByKey: string,
) => MetricRecord;

/** The parts of a strategy. The defaults make federated averaging. */
export interface StrategyParts {
  /** The nodes that training asks (default: all online nodes, at least 2). */
  readonly selection?: Selection;
  /** The nodes that evaluation asks (default: selected as for training). */
  readonly evaluateSelection?: Selection;
  /** The replies that are accepted (default: models with the arrays of the model sent). */
  readonly contract?: ReplyContract;
  /** Combines the replies into one set of arrays (default: the weighted mean). */
  readonly aggregator?: Aggregator;
  /** Computes the new model from the aggregate (default: the aggregate is the new model). */
  readonly rule?: ServerRule;
  /** Change updates on their way to the aggregate, first to last (default: none). */
  readonly postprocessors?: readonly Postprocessor[];
}

/** Options of {@link ComposedStrategy}. */
export interface ComposedStrategyOptions extends StrategyParts {
  /** Name of the strategy for messages (default: the name of its class). */
  readonly name?: string;
  /** Metric with the weight of a node's metrics (default "num-examples"). */
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
  /**
   * Largest total size of the replies that the ServerApp holds, in bytes, from 0 (default 64 MiB). As long as a round's
   * replies are smaller, they are added in ascending order of node id. Above the limit, an aggregator that streams adds
   * each reply as it arrives, and the ServerApp holds one at a time.
   */
  readonly maxHeldBytes?: number;
}

/** Default of `maxHeldBytes`. */
const MAX_HELD_BYTES = 64 * 2 ** 20;

/**
 * A strategy that is put together from parts: {@link FedAvg} is one.
 *
 * @example
 * ```ts
 * // The median of half of the nodes, with Adam at the server.
 * const strategy = new ComposedStrategy({
 *   selection: new FractionSelection({ fraction: 0.5, seed: 1 }),
 *   contract: new ModelContract({ maxUpdateNorm: 10 }),
 *   aggregator: coordinateMedian(),
 *   rule: adamRule({ eta: 0.01 }),
 * });
 * ```
 */
export class ComposedStrategy extends Strategy {
  readonly #name: string | undefined;
  readonly #selections: Readonly<Record<PhaseName, Selection>>;
  readonly #metrics: Readonly<Record<PhaseName, MetricsAggrFn>>;
  readonly #keys: { readonly arrays: string; readonly config: string; readonly weight: string };
  readonly #parts: Required<Pick<StrategyParts, "contract" | "aggregator" | "rule">>;
  readonly #postprocessors: readonly Postprocessor[];
  readonly #acceptFailures: boolean;
  readonly #maxHeldBytes: number;
  readonly #types = new ModelTypes();
  /** The state of the server rule, and of derived strategies. */
  protected readonly state: RuleState = new RuleState();

  /**
   * Creates the strategy.
   *
   * @throws FlwrError "invalid-argument" that names the option that is out of range
   */
  constructor(options: ComposedStrategyOptions = {}) {
    super();
    const { selection = new FractionSelection(), weightedByKey = "num-examples" } = options;
    const byWeight: MetricsAggrFn = averageMetrics;
    this.#name = options.name;
    this.#selections = { train: selection, evaluate: options.evaluateSelection ?? selection };
    this.#metrics = {
      train: options.trainMetricsAggrFn ?? byWeight,
      evaluate: options.evaluateMetricsAggrFn ?? byWeight,
    };
    this.#keys = {
      arrays: options.arrayrecordKey ?? "arrays",
      config: options.configrecordKey ?? "config",
      weight: weightedByKey,
    };
    this.#parts = {
      contract: options.contract ?? new ModelContract({ weightedByKey }),
      aggregator: options.aggregator ?? new WeightedMean(),
      rule: options.rule ?? replaceRule(),
    };
    this.#postprocessors = options.postprocessors ?? [];
    for (const postprocessor of this.#postprocessors) postprocessor.check?.(this.#postprocessors);
    this.#acceptFailures = options.acceptFailures ?? true;
    this.#maxHeldBytes = options.maxHeldBytes ?? MAX_HELD_BYTES;
    if (this.#maxHeldBytes !== Infinity) checkNumber("maxHeldBytes", this.#maxHeldBytes, 0);
  }

  /** The option `name`, or the name of the class. */
  override get name(): string {
    return this.#name ?? super.name;
  }

  /**
   * True if the aggregator is a mean, and there are no postprocessors and no custom contract or driver. The rule does
   * not matter.
   */
  override get usesMeanOnly(): boolean {
    const { aggregateTrain, collectTrain } = ComposedStrategy.prototype;
    return this.aggregator instanceof WeightedMean && this.#postprocessors.length === 0 &&
      this.#parts.contract instanceof ModelContract &&
      this.aggregateTrain === aggregateTrain && this.collectTrain === collectTrain &&
      this.start === Strategy.prototype.start;
  }

  /** The contract's check. */
  override checkTrain(round: PhaseRound, reply: Message): CheckedReply {
    return this.#parts.contract.check(reply, round);
  }

  /** Combines the replies into one set of arrays. */
  protected get aggregator(): Aggregator {
    return this.#parts.aggregator;
  }

  /** Asks one random node for its model. */
  override initialArrays(
    grid: Grid,
    options: { readonly timeout: number; readonly signal?: AbortSignal },
  ): Promise<{ arrays: ArrayRecord; nodeId?: NodeId }> {
    return requestInitialArrays(grid, currentRandom(), options);
  }

  /** Sends the model to the selected nodes. */
  override configureTrain(round: Round): Promise<PhasePlan> {
    return this.#plan(round, "train", this.trainConfig(round));
  }

  /** Sends the model to the selected nodes. */
  override configureEvaluate(round: Round): Promise<PhasePlan> {
    return this.#plan(round, "evaluate", this.evaluateConfig(round));
  }

  /**
   * Aggregates the replies that the contract accepts. If the new model or the strategy's state would not be finite, the
   * reply with the largest update is refused and the others are aggregated again.
   */
  override aggregateTrain(round: Round, replies: readonly Message[]): TrainOutcome {
    const collector = this.collector(round, Infinity, true);
    for (const reply of replies) collector.add(reply);
    return collector.finish();
  }

  /**
   * Aggregates the replies as they arrive. Once they exceed `maxHeldBytes`, an aggregator that streams takes each at
   * once. A reply then cannot be left out afterwards: if the new model is not finite, the old one stays.
   */
  override async collectTrain(round: Round, replies: Exchange): Promise<TrainOutcome> {
    // A derived strategy that overrides the aggregation of all replies gets all of them.
    if (this.aggregateTrain !== ComposedStrategy.prototype.aggregateTrain) {
      return await super.collectTrain(round, replies);
    }
    const collector = this.#folding(round, replies) ?? this.collector(round, undefined, true);
    for await (const reply of replies) collector.add(reply);
    return collector.finish();
  }

  /**
   * A collector for replies that are added where they are made, in the threads of simulated nodes. The rule is that of
   * streaming: replies larger than `maxHeldBytes` together. Undefined if the strategy or the connection cannot.
   */
  #folding(round: Round, replies: Exchange): ReplyCollector | undefined {
    if (this.collector !== ComposedStrategy.prototype.collector) return undefined;
    const parts = this.#collectorParts("train");
    const plan = foldPlan(parts, replies.pending);
    if (plan === undefined) return undefined;
    const { sent } = phaseOf(round, "train");
    const bytes = sent.values().reduce((sum, { data }) => sum + data.byteLength, 0);
    if (replies.pending * bytes <= this.#maxHeldBytes) return undefined;
    const fold = new ReplyFold(plan, round.arrays, sent);
    return replies.foldInto(fold) ? this.#collect(round, { ...parts, fold }) : undefined;
  }

  /** Aggregates the metrics with `evaluateMetricsAggrFn` (default: the mean, weighted by the number of examples). */
  override aggregateEvaluate(round: Round, replies: readonly Message[]): PhaseOutcome {
    return collectMetrics(phaseOf(round, "evaluate"), replies, this.#collectorParts("evaluate"));
  }

  /** The state of the server rule and the types of the model, to continue the run with `loadState`. */
  override saveState(): RecordDict {
    return new RecordDict([...this.state.save(), ["types", this.#types.save()]]);
  }

  /** Replaces the state by one that `saveState` returned. @throws FlwrError "invalid-argument" if it is not one */
  override loadState(state: RecordDict): void {
    // Both are checked before either is replaced.
    const types = new ModelTypes();
    types.load(state.configRecord("types"));
    this.state.load(state);
    this.#types.load(types.save());
  }

  /** The settings sent to nodes for training. Derived strategies add to them. */
  protected trainConfig({ config, number }: Round): ConfigRecord {
    return config.set("server-round", number);
  }

  /** The settings sent to nodes for evaluation. Derived strategies add to them. */
  protected evaluateConfig({ config, number }: Round): ConfigRecord {
    return config.set("server-round", number);
  }

  async #plan(round: Round, phase: PhaseName, config: ConfigRecord): Promise<PhasePlan> {
    const { nodeIds, available } = await this.#selections[phase].select(phaseOf(round, phase));
    return { messages: this.instruct(round, phase, config, nodeIds), available };
  }

  /**
   * The same instruction for each of the given nodes: the model, and the settings, including those of the
   * postprocessors.
   */
  protected instruct(
    round: Round,
    phase: PhaseName,
    config: ConfigRecord,
    nodeIds: readonly NodeId[],
  ): Message[] {
    if (nodeIds.length === 0) return [];
    const phaseRound = phaseOf(round, phase);
    for (const postprocessor of phase === "train" ? this.#postprocessors : []) {
      const entries = postprocessor.config?.(phaseRound) ?? [];
      for (const [name, value] of namedEntries(entries)) config.set(name, value);
    }
    const content = new RecordDict([
      [this.#keys.arrays, round.arrays],
      [this.#keys.config, config],
    ]);
    return nodeIds.map((dstNodeId) =>
      Message.create({
        content,
        dstNodeId,
        messageType: phase === "train" ? MessageTypes.Train : MessageTypes.Evaluate,
        groupId: String(round.number),
        clock: round.grid.clock,
      })
    );
  }

  /**
   * Starts to collect the replies of a training, for drivers.
   *
   * @param maxHeldBytes default: the option
   * @param checksLate whether the values of replies may be checked with their aggregation, which reads them anyway. Until
   * `finish`, replies that will be refused may then count as accepted (default false)
   */
  protected collector(
    round: Round,
    maxHeldBytes: number = this.#maxHeldBytes,
    checksLate: boolean = false,
  ): ReplyCollector {
    return this.#collect(round, { ...this.#collectorParts("train"), maxHeldBytes }, checksLate);
  }

  #collect(round: Round, parts: CollectorParts, checksLate = false): ReplyCollector {
    const phaseRound = phaseOf(round, "train");
    this.#types.record(phaseRound.sent, round.number);
    // A strategy may run several times, one run after another.
    if (round.number === 1) this.state.clear();
    return new Collector(phaseRound, parts, checksLate);
  }

  #collectorParts(phase: PhaseName): CollectorParts {
    return {
      ...this.#parts,
      aggregator: this.aggregator,
      postprocessors: this.#postprocessors,
      state: this.state,
      types: this.#types,
      weightedByKey: this.#keys.weight,
      acceptFailures: this.#acceptFailures,
      maxHeldBytes: Infinity,
      aggregateMetrics: this.#metrics[phase],
    };
  }
}
