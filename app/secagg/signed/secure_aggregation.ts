import { FlwrError } from "../../../base/error.ts";
import { MessageErrorCode, type NodeId } from "../../../entities/metadata.ts";
import { checkRoundSettings, MIN_PARTICIPANTS } from "../../../secagg/signed/settings.ts";
import type { ArrayRecord } from "../../array_record.ts";
import { float } from "../../float.ts";
import type { Grid } from "../../grid.ts";
import { CURRENT_NAMES } from "../../legacy/names.ts";
import type { Message } from "../../message.ts";
import { MetricRecord } from "../../metric_record.ts";
import type { RecordDict } from "../../record_dict.ts";
import {
  type PhaseOutcome,
  type PhasePlan,
  type Round,
  Strategy,
  type TrainOutcome,
} from "../../strategy/strategy.ts";
import { readSum, type SummedModels, vectorLength } from "./model_vector.ts";
import { checkedOptions, type SecureAggregationOptions, settingsFor } from "./options.ts";
import { advertiseMessage, type NodeFailure, type Planned, Stages } from "./stages.ts";

/**
 * Secure aggregation among TypeScript nodes around a strategy: the server learns the mean of the nodes' models, weighted
 * by their numbers of examples, and the means of the metrics that you name. It learns no single model, number of examples
 * or metric, also if it cheats.
 *
 * The protocol is that of Bonawitz et al., 2017 (doi:10.1145/3133956.3133982), with signed keys and the round in which
 * the nodes agree on the survivors. Nodes need `secureAggregationMod`, a registered key and a list of trusted keys. Nodes
 * may be lost in each of the five stages as long as the threshold's number is left. See docs/secure-aggregation.md for
 * what is guaranteed.
 *
 * @example
 * ```ts
 * const strategy = new SecureAggregation(new FedAvg({ minTrainNodes: 5 }), { maxWeight: 50_000, metrics: { loss: 100 } });
 * const { arrays } = await strategy.start(grid, { numRounds: 3 });
 * ```
 */
export class SecureAggregation extends Strategy {
  readonly #strategy: Strategy;
  readonly #options: Required<SecureAggregationOptions>;
  #planned: Planned | undefined;

  /**
   * Puts secure aggregation around a strategy.
   *
   * @param strategy chooses nodes, and makes the new model of their mean
   * @throws FlwrError "invalid-argument" naming the option that is out of range, or a strategy that needs more than the
   *   mean of the nodes' models, or runs rounds of its own
   */
  constructor(strategy: Strategy, options: SecureAggregationOptions = {}) {
    super();
    if (!strategy.usesMeanOnly || strategy.start !== Strategy.prototype.start) {
      throw new FlwrError(
        "invalid-argument",
        `SecureAggregation cannot be used with ${strategy.name}, which needs more than the mean of the nodes' models in ` +
          "each round: only their mean is known",
        {
          hints: [
            "Use FedAvg, FedProx, FedAvgM, FedAdagrad, FedAdam or FedYogi",
            "A strategy of your own that needs the mean alone says so with usesMeanOnly",
          ],
        },
      );
    }
    this.#strategy = strategy;
    this.#options = checkedOptions(options);
  }

  /** The name of the strategy inside, too. */
  override get name(): string {
    return `${this.#strategy.name} with secure aggregation`;
  }

  /** Asks the strategy inside. */
  override initialArrays(
    grid: Grid,
    options: { readonly timeout: number; readonly signal?: AbortSignal },
  ): Promise<{ arrays: ArrayRecord; nodeId?: NodeId }> {
    return this.#strategy.initialArrays(grid, options);
  }

  /** Asks the strategy inside. */
  override stopBefore(round: number): string | undefined {
    return this.#strategy.stopBefore(round);
  }

  /** The state of the strategy inside. */
  override saveState(): RecordDict {
    return this.#strategy.saveState();
  }

  /** Replaces the state of the strategy inside. @throws FlwrError "invalid-argument" if it is another strategy's */
  override loadState(state: RecordDict): void {
    this.#strategy.loadState(state);
  }

  /**
   * The nodes that the strategy inside chooses, with the instructions of stage "advertise".
   *
   * @throws FlwrError in the first round for fewer than 3 nodes, or options that do not fit their number
   */
  override async configureTrain(round: Round): Promise<PhasePlan> {
    this.#planned = undefined;
    const { messages, available } = await this.#strategy.configureTrain(round);
    if (messages.length === 0) return { messages, available };
    const settings = settingsFor(this.#options, round.number, messages.length);
    const problem = problemWith(() => {
      if (messages.length < MIN_PARTICIPANTS) throw tooFew(messages.length);
      checkRoundSettings(settings);
    });
    if (problem !== undefined) {
      // Later, too few nodes are a failure of the round, not of the options.
      if (round.number === 1) throw problem;
      round.grid.report({ type: "note", text: `    ${problem.message}` });
      return { messages: [], available };
    }
    const planned: Planned = {
      number: round.number,
      settings,
      length: vectorLength(round.arrays.viewTensors().values(), settings),
      instructions: new Map(messages.map((message) => [message.metadata.dstNodeId, message])),
    };
    this.#planned = planned;
    const { timeout } = this.#options;
    return {
      messages: [...planned.instructions.keys()]
        .map((nodeId) => advertiseMessage(round, planned, nodeId))
        .map((message) => message.withMetadata({ ttl: Math.min(message.metadata.ttl, timeout) })),
      available,
    };
  }

  /**
   * Runs the other stages, and gives the strategy inside the nodes' mean.
   *
   * @throws FlwrError "permission-denied" in the first round, when no node takes part
   */
  override async aggregateTrain(round: Round, replies: readonly Message[]): Promise<TrainOutcome> {
    const planned = this.#planned;
    this.#planned = undefined;
    if (planned?.number !== round.number) {
      const text = `Secure aggregation: round ${round.number} was not planned`;
      throw new FlwrError("internal", text);
    }
    const stages = new Stages(round, planned, this.#options);
    try {
      const { sum, survivors } = await stages.run(replies);
      const summed = readSum(sum, round.arrays, survivors.length, planned.settings);
      return await this.#outcome(round, planned, stages.failures, summed, new Set(survivors));
    } catch (error) {
      if (!(error instanceof FlwrError) || error.code !== "failed-precondition") throw error;
      const text = `    ${error.message}: this round has no new model`;
      round.grid.report({ type: "note", text });
      const failures = [...stages.failures].map(([nodeId, failure]) => ({ nodeId, ...failure }));
      return { results: [], failures, aggregated: false };
    }
  }

  /** Asks the strategy inside: evaluation is not secret. */
  override configureEvaluate(round: Round): Promise<PhasePlan> {
    return this.#strategy.configureEvaluate(round);
  }

  /** Asks the strategy inside. */
  override aggregateEvaluate(
    round: Round,
    replies: readonly Message[],
  ): PhaseOutcome | Promise<PhaseOutcome> {
    return this.#strategy.aggregateEvaluate(round, replies);
  }

  /** The strategy inside gets the means as the reply of each survivor, and an equal part of the examples. */
  async #outcome(
    round: Round,
    { instructions }: Planned,
    failures: ReadonlyMap<NodeId, NodeFailure>,
    { arrays, examples, metrics }: SummedModels,
    survivors: ReadonlySet<NodeId>,
  ): Promise<TrainOutcome> {
    const { clock } = round.grid;
    const means = new MetricRecord({
      [CURRENT_NAMES.numExamples]: float(examples / survivors.size),
    });
    for (const [name, mean] of metrics) means.set(name, float(mean));
    const content = { [CURRENT_NAMES.arrays]: arrays, [CURRENT_NAMES.metrics]: means };
    const replies = [...instructions].map(([nodeId, instruction]) => {
      if (survivors.has(nodeId)) return instruction.reply(content, { clock });
      const { code = MessageErrorCode.ReplyUnavailable, reason } = failures.get(nodeId) ??
        { reason: "Left out" };
      return instruction.replyError(code, reason, { clock });
    });
    const outcome = await this.#strategy.aggregateTrain(round, replies);
    const asTheyWere = outcome.failures.map((failure) => {
      const { nodeId } = failure;
      return survivors.has(nodeId) ? failure : { nodeId, ...failures.get(nodeId) ?? failure };
    });
    return { ...outcome, failures: asTheyWere };
  }
}

function tooFew(nodes: number): FlwrError {
  return new FlwrError(
    "failed-precondition",
    `Secure aggregation needs at least ${MIN_PARTICIPANTS} nodes, got ${nodes}: of two, each learns the other's model`,
    {
      hints: [`Set minTrainNodes: ${MIN_PARTICIPANTS} in the strategy, so that it waits for them`],
    },
  );
}

function problemWith(check: () => void): FlwrError | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof FlwrError) return error;
    throw error;
  }
}
