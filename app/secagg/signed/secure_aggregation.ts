import { FlwrError } from "../../../base/error.ts";
import { MessageErrorCode, type NodeId } from "../../../entities/metadata.ts";
import { calibrateIntegerNoise } from "../../../privacy/accounting/integer_plan.ts";
import {
  checkRoundSettings,
  MIN_PARTICIPANTS,
  type RoundSettings,
} from "../../../secagg/signed/settings.ts";
import type { Tensor } from "../../../tensor/tensor.ts";
import type { ArrayRecord } from "../../array_record.ts";
import { ConfigRecord } from "../../config_record.ts";
import { float } from "../../float.ts";
import type { Grid } from "../../grid.ts";
import { CURRENT_NAMES } from "../../legacy/names.ts";
import type { Message } from "../../message.ts";
import { MetricRecord } from "../../metric_record.ts";
import { RecordDict } from "../../record_dict.ts";
import {
  type PhaseOutcome,
  type PhasePlan,
  type Round,
  Strategy,
  type TrainOutcome,
} from "../../strategy/strategy.ts";
import { instructionHash, onlyModel } from "./instruction_hash.ts";
import { readSum, type SummedModels, vectorLength } from "./model_vector.ts";
import { NoiseBudget } from "./noise_budget.ts";
import {
  type CheckedOptions,
  checkedOptions,
  colludingIn,
  type SecureAggregationOptions,
  settingsFor,
} from "./options.ts";
import { noisePlan, readPrivateSum } from "./private_vector.ts";
import { advertiseMessage, type NodeFailure, type Planned, Stages } from "./stages.ts";

/** The record of the state with the privacy loss. */
const BUDGET = "secure-aggregation-budget";

/**
 * Secure aggregation among TypeScript nodes around a strategy: the server learns the mean of the nodes' models, weighted
 * by their numbers of examples, and the means of the metrics that you name. It does not learn the model, number of
 * examples or metrics of a single node, even if it cheats.
 *
 * The protocol is that of Bonawitz et al., 2017 (doi:10.1145/3133956.3133982), with signed keys and the round in which
 * the nodes agree on the survivors. Nodes need `secureAggregationMod`, a registered key and a list of trusted keys.
 * Nodes may be lost in each of the five stages, as long as the threshold is still reached. See
 * docs/secure-aggregation.md for
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
  readonly #options: CheckedOptions;
  readonly #budget: NoiseBudget | undefined;
  /** z, from the first round of the run on. */
  #noiseMultiplier: number | undefined;
  #planned: Planned | undefined;

  /**
   * Puts secure aggregation around a strategy.
   *
   * @param strategy chooses nodes, and computes the new model from their mean
   * @throws FlwrError "invalid-argument" naming the option that is out of range, or a strategy that needs more than the
   *   mean of the nodes' models, or runs its own rounds
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
            "If your own strategy needs only the mean, state that with usesMeanOnly",
          ],
        },
      );
    }
    this.#strategy = strategy;
    this.#options = checkedOptions(options);
    const { privacy } = this.#options;
    this.#budget = privacy && new NoiseBudget(privacy.delta, privacy.epsilon);
  }

  /** Includes the name of the inner strategy. */
  override get name(): string {
    return `${this.#strategy.name} with secure aggregation`;
  }

  /** Delegates to the inner strategy. */
  override initialArrays(
    grid: Grid,
    options: { readonly timeout: number; readonly signal?: AbortSignal },
  ): Promise<{ arrays: ArrayRecord; nodeId?: NodeId }> {
    return this.#strategy.initialArrays(grid, options);
  }

  /** Ends the run before the budget of `privacy` would be exceeded. */
  override stopBefore(round: number): string | undefined {
    return this.#budget?.wouldExceed() ?? this.#strategy.stopBefore(round);
  }

  /** True with `privacy`, because no release may be forgotten. */
  override get savesEachRound(): boolean {
    return this.#budget !== undefined || this.#strategy.savesEachRound;
  }

  /** The state of the inner strategy, and the privacy loss so far. */
  override saveState(): RecordDict {
    const state = this.#strategy.saveState();
    if (this.#budget === undefined) return state;
    const own = this.#budget.state();
    if (this.#noiseMultiplier !== undefined) {
      own.set("noise-multiplier", float(this.#noiseMultiplier));
    }
    return new RecordDict([...state, [BUDGET, own]]);
  }

  /** Replaces the state. @throws FlwrError "invalid-argument" if it is another strategy's */
  override loadState(state: RecordDict): void {
    const own = state.configRecords.get(BUDGET);
    if ((own === undefined) !== (this.#budget === undefined)) {
      const text = `The state was saved ${own === undefined ? "without" : "with"} privacy`;
      throw new FlwrError("invalid-argument", text, { hints: ["Use the same options as before"] });
    }
    this.#strategy.loadState(new RecordDict([...state].filter(([name]) => name !== BUDGET)));
    if (own === undefined) return;
    this.#budget!.restore(own);
    this.#noiseMultiplier = own.has("noise-multiplier")
      ? own.number("noise-multiplier")
      : undefined;
  }

  /**
   * The nodes that the inner strategy chooses, with the instructions of stage "advertise".
   *
   * @throws FlwrError in the first round for fewer than 3 nodes, or options that do not fit their number
   */
  override async configureTrain(round: Round): Promise<PhasePlan> {
    this.#planned = undefined;
    const { messages, available } = await this.#strategy.configureTrain(round);
    if (messages.length === 0) return { messages, available };
    await checkSame(messages);
    const model = [...round.arrays.viewTensors().values()];
    let settings: RoundSettings;
    try {
      settings = this.#settings(round.number, messages.length, model);
    } catch (error) {
      // In later rounds, too few nodes are a failure of the round, not of the options.
      if (!(error instanceof FlwrError) || round.number === 1) throw error;
      round.grid.report({ type: "note", text: `    ${error.message}` });
      return { messages: [], available };
    }
    const planned: Planned = {
      number: round.number,
      settings,
      length: vectorLength(model, settings),
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
   * Runs the other stages, and gives the nodes' mean to the inner strategy.
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
      const { settings, length } = planned;
      const plan = noisePlan(settings, length - 1);
      // From here on the server knows the sum, so it counts even if there is no new model.
      const privacy = plan && this.#budget!.spend(plan);
      if (privacy) round.grid.report({ type: "privacy-spent", round: round.number, privacy });
      const summed: SummedModels = plan === undefined
        ? readSum(sum, round.arrays, survivors.length, settings)
        : {
          arrays: readPrivateSum(sum, round.arrays, survivors.length, plan),
          ...{ examples: survivors.length, metrics: [] },
        };
      const all = new Set(survivors);
      const outcome = await this.#outcome(round, planned, stages.failures, summed, all);
      if (privacy === undefined) return outcome;
      const metrics = outcome.metrics ?? new MetricRecord();
      metrics.set("privacy-epsilon", float(privacy.epsilon));
      metrics.set("privacy-delta", float(privacy.delta));
      return { ...outcome, metrics };
    } catch (error) {
      if (!(error instanceof FlwrError) || error.code !== "failed-precondition") throw error;
      const text = `    ${error.message}: this round has no new model`;
      round.grid.report({ type: "note", text });
      const failures = [...stages.failures].map(([nodeId, failure]) => ({ nodeId, ...failure }));
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

  /** The settings of a round. @throws FlwrError when they do not fit the number of nodes, or the budget */
  #settings(round: number, nodes: number, model: readonly Tensor[]): RoundSettings {
    if (nodes < MIN_PARTICIPANTS) throw tooFew(nodes);
    const settings = settingsFor(this.#options, round, nodes);
    checkRoundSettings(settings);
    const { privacy } = this.#options;
    if (privacy === undefined) return settings;
    const numbers = model.reduce((sum, { data }) => sum + data.length, 0);
    const { mechanism = "discrete-gaussian", clippingNorm, epsilon, delta, rounds } = privacy;
    const colluding = colludingIn(privacy, settings);
    const withNoise = (noiseMultiplier: number): RoundSettings => ({
      ...settings,
      noise: { mechanism, clippingNorm, noiseMultiplier, colluding },
    });
    // Also checks the settings of the noise.
    noisePlan(withNoise(1), numbers);
    this.#noiseMultiplier ??= calibratedNoise(
      {
        ...{ mechanism, clippingNorm, numbers, nodes, ringBits: settings.ringBits },
        shares: settings.threshold - colluding,
      },
      { epsilon, delta, rounds },
    );
    const whole = withNoise(this.#noiseMultiplier);
    const exceeded = this.#budget!.wouldExceed(noisePlan(whole, numbers));
    if (exceeded !== undefined) throw new FlwrError("failed-precondition", exceeded);
    return whole;
  }

  /** The inner strategy gets the means as the reply of each survivor, and an equal part of the examples. */
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

/**
 * Nodes trust only an instruction that is the same for all of them. @throws FlwrError "invalid-argument" for
 * instructions that differ
 */
async function checkSame(messages: readonly Message[]): Promise<void> {
  const [first] = messages;
  onlyModel(first!);
  const none = new ConfigRecord();
  // The group is set for all nodes alike when the instruction is sent.
  const hashOf = async (message: Message) =>
    (await instructionHash(message.withMetadata({ groupId: "" }), none)).toHex();
  let expected: string | undefined;
  for (const message of messages.slice(1)) {
    const isAlike = message.metadata.messageType === first!.metadata.messageType;
    if (isAlike && message.content === first!.content) continue;
    expected ??= await hashOf(first!);
    if (await hashOf(message) === expected) continue;
    throw new FlwrError(
      "invalid-argument",
      `Secure aggregation: the strategy has other instructions for node ${message.metadata.dstNodeId} than for node ` +
        `${first!.metadata.dstNodeId}: nodes reveal the sum only if all of them had the same`,
      { hints: ["Give all nodes of a round the same arrays and the same config"] },
    );
  }
}

function tooFew(nodes: number): FlwrError {
  return new FlwrError(
    "failed-precondition",
    `Secure aggregation needs at least ${MIN_PARTICIPANTS} nodes, got ${nodes}: ` +
      "with two, each could compute the other's model",
    {
      hints: [`Set minTrainNodes: ${MIN_PARTICIPANTS} in the strategy: it then waits for them`],
    },
  );
}

/** z for a budget. A plan's deviation is z · normBound / √shares. */
function calibratedNoise(
  options: Parameters<typeof calibrateIntegerNoise>[0],
  target: Parameters<typeof calibrateIntegerNoise>[1],
): number {
  const { deviation, normBound, shares } = calibrateIntegerNoise(options, target);
  return deviation * Math.sqrt(shares) / normBound;
}
