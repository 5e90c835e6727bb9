import { FlwrError } from "../../base/error.ts";
import { systemRandom } from "../../base/random.ts";
import { MessageErrorCode, type NodeId } from "../../entities/metadata.ts";
import { ServerRound, type UnmaskedMean } from "../../secagg/plus/server_round.ts";
import { checkRoundSettings, type RoundSettings } from "../../secagg/plus/settings.ts";
import { MIN_NODES, shareCounts } from "../../secagg/plus/share_counts.ts";
import { shuffled } from "../../secagg/ring.ts";
import { arrayConstructor } from "../../tensor/dtype.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import { ArrayRecord } from "../array_record.ts";
import { ConfigRecord } from "../config_record.ts";
import { float } from "../float.ts";
import type { Grid } from "../grid.ts";
import { CURRENT_NAMES } from "../legacy/names.ts";
import type { Message } from "../message.ts";
import { RecordDict } from "../record_dict.ts";
import {
  type PhaseOutcome,
  type PhasePlan,
  type Round,
  Strategy,
  type TrainOutcome,
} from "../strategy/strategy.ts";
import { averagedDType } from "../strategy/arrays/weighted_average.ts";
import { requireRounds } from "../strategy/rounds_only.ts";
import type { CollectedReply } from "./collected_reply.ts";
import { checkedOptions, type SecAggPlusOptions } from "./options.ts";
import { CONFIGS, KEYS } from "./records.ts";
import { type NodeFailure, type Planned, stageMessage, Stages } from "./stages.ts";

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
export class SecAggPlus extends Strategy {
  readonly #strategy: Strategy;
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
    super();
    requireRounds("SecAggPlus", strategy);
    if (!strategy.usesMeanOnly) {
      throw new FlwrError(
        "invalid-argument",
        `SecAggPlus cannot be used with ${strategy.name}, which needs more than the mean of the nodes' models in each ` +
          "round: only their mean is known",
        {
          hints: [
            "Use FedAvg, FedProx, FedAvgM, FedAdagrad, FedAdam or FedYogi",
            "If your own strategy needs only the mean, state that with usesMeanOnly",
          ],
        },
      );
    }
    this.#strategy = strategy;
    this.#options = checkedOptions(options);
  }

  /** Includes the name of the inner strategy. */
  override get name(): string {
    return `${this.#strategy.name} with SecAgg+`;
  }

  /** Delegates to the inner strategy. */
  override initialArrays(
    grid: Grid,
    options: { readonly timeout: number; readonly signal?: AbortSignal },
  ): Promise<{ arrays: ArrayRecord; nodeId?: NodeId }> {
    return this.#strategy.initialArrays(grid, options);
  }

  /** Same as the inner strategy. */
  override get savesEachRound(): boolean {
    return this.#strategy.savesEachRound;
  }

  /** The state of the inner strategy. */
  override saveState(): RecordDict {
    return this.#strategy.saveState();
  }

  /** Replaces the state of the inner strategy. @throws FlwrError "invalid-argument" if it is another strategy's */
  override loadState(state: RecordDict): void {
    this.#strategy.loadState(state);
  }

  /**
   * The nodes that the inner strategy chooses, with the instructions of stage "setup".
   *
   * @throws FlwrError "failed-precondition" in the first round for fewer than 3 nodes, or options that do not fit their number
   */
  override async configureTrain(round: Round): Promise<PhasePlan> {
    this.#planned = undefined;
    const { messages, available } = await this.#strategy.configureTrain(round);
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
    try {
      const { mean, collected } = await stages.run(replies);
      const arrays = arraysOf(round.arrays, mean);
      return await this.#outcome(round, planned, stages.failures, arrays, collected);
    } catch (error) {
      if (!(error instanceof FlwrError) || error.code !== "failed-precondition") throw error;
      round.grid.report({
        type: "note",
        text: `    ${error.message}: this round has no new model`,
      });
      // The ring's random order does not show in the history.
      const failures = [...stages.failures].sort(([a], [b]) => a < b ? -1 : 1)
        .map(([nodeId, failure]) => ({ nodeId, ...failure }));
      return { results: [], failures, aggregated: false };
    }
  }

  /** Delegates to the inner strategy: evaluation is not protected. */
  override configureEvaluate(round: Round): Promise<PhasePlan> {
    return this.#strategy.configureEvaluate(round);
  }

  /** Delegates to the inner strategy. */
  override aggregateEvaluate(
    round: Round,
    replies: readonly Message[],
  ): PhaseOutcome | Promise<PhaseOutcome> {
    return this.#strategy.aggregateEvaluate(round, replies);
  }

  async #outcome(
    round: Round,
    { instructions }: Planned,
    failures: ReadonlyMap<NodeId, NodeFailure>,
    arrays: ArrayRecord,
    collected: ReadonlyMap<NodeId, CollectedReply>,
  ): Promise<TrainOutcome> {
    const { clock } = round.grid;
    const replies = [...instructions].map(([nodeId, instruction]) => {
      const rest = collected.get(nodeId)?.rest;
      if (rest !== undefined) {
        return instruction.reply(new RecordDict([[CURRENT_NAMES.arrays, arrays], ...rest]), {
          clock,
        });
      }
      const { code = MessageErrorCode.ReplyUnavailable, reason } = failures.get(nodeId) ??
        { reason: "Left out: too few of its neighbours are left" };
      return instruction.replyError(code, reason, { clock });
    });
    const outcome = await this.#strategy.aggregateTrain(round, replies);
    const asTheyWere = outcome.failures.map((failure) => {
      const { nodeId } = failure;
      return collected.has(nodeId) ? failure : { nodeId, ...failures.get(nodeId) ?? failure };
    });
    return { ...outcome, failures: asTheyWere };
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
