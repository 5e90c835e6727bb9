import { FlwrError } from "../../base/error.ts";
import type { NodeId } from "../../entities/metadata.ts";
import type { PrivacyAccountant } from "../../privacy/accounting/accountant.ts";
import type { AccountantState } from "../../privacy/accounting/accountant_state.ts";
import { checkCount, outOfRange } from "../../privacy/accounting/release.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { ArrayRecord } from "../array_record.ts";
import type { Grid } from "../grid.ts";
import type { Message } from "../message.ts";
import { MetricRecord } from "../metric_record.ts";
import {
  type PhaseOutcome,
  type PhasePlan,
  type Round,
  Strategy,
  type TrainOutcome,
} from "../strategy/strategy.ts";
import { PrivacyBudget } from "./budget.ts";
import { CLIPPING_NORM } from "./clipping_mods.ts";
import type { ClippingNorm } from "./clipping_norm.ts";
import { aggregateAsFlower } from "./flower_aggregate.ts";
import { KnownReplies, type UsableReply } from "./known_replies.ts";
import { checkFloats } from "./model_update.ts";
import { normBitOf, withoutNormBit } from "./norm_bits.ts";
import { cryptoNoise, type NoiseSource } from "./noise_source.ts";
import { PrivateMean } from "./private_mean.ts";
import { clippingTolerance } from "./tolerance.ts";

/** Options that all wrappers have. */
export interface CentralDpOptions {
  /** z: the noise's standard deviation ÷ the clipping norm, from 0. {@link calibrateNoise} finds it for an ε and δ. */
  readonly noiseMultiplier: number;
  /**
   * n, the number of nodes that each round trains on. The sum of the updates is divided by it also if fewer nodes reply,
   * because the noise is made for it. From 1.
   */
  readonly numSampledClients: number;
  /** Counts the ε of the rounds, and ends the run before its `maxEpsilon` would be exceeded (default: none). */
  readonly accountant?: PrivacyAccountant;
  /**
   * An update with weight w, as its number of examples, counts min(w / `weightCap`, 1). Above 0 (default: each update
   * counts 1).
   */
  readonly weightCap?: number;
  /**
   * Flower's computation, for federations that need its numbers: the strategy weighs updates by their examples, and noise
   * is added to its outcome. It has no ε, so it excludes `accountant` (default false).
   */
  readonly flowerCompatible?: boolean;
  /** Replaces the cryptographic noise. For tests only: such noise protects nothing. */
  readonly forTestsNoise?: NoiseSource;
}

/** Options of the wrappers whose nodes clip. */
export interface ClientSideOptions {
  /**
   * What to do with an update that a node has not clipped: "clip" it at the server, or "refuse" the reply as a failure of
   * its node (default "clip"). Either way it counts with at most the clipping norm.
   */
  readonly unclippedUpdates?: "clip" | "refuse";
}

/** How a wrapper clips, and the options of its user. */
export interface CentralDpSettings extends CentralDpOptions, ClientSideOptions {
  /** Who clips. */
  readonly side: "server" | "client";
  /** The clipping norm, and how it changes. */
  readonly norm: ClippingNorm;
  /** Whether the norm needs to know which updates were clipped. */
  readonly adaptive: boolean;
}

/** State of a wrapper, as plain data for a checkpoint. */
export interface CentralDpState {
  /** C, the clipping norm of the next round. */
  readonly clippingNorm: number;
  /** The releases so far; absent without an accountant. */
  readonly accountant?: AccountantState;
}

/**
 * Central differential privacy around a strategy: the server adds noise to the mean of the nodes' clipped updates, so that
 * the models of all rounds together hardly depend on any one node. See docs/privacy.md for the guarantee.
 *
 * Each round computes sent + (Σ clip(uᵢ) + noise) / n and gives it to the inner strategy as the model of each node. So the
 * noise covers whatever the strategy makes of the mean: FedAvg, FedProx, FedAvgM, FedAdam, FedYogi and FedAdagrad work.
 */
export abstract class CentralDp extends Strategy {
  readonly #inner: Strategy;
  readonly #options: CentralDpSettings;
  readonly #noise: NoiseSource;
  readonly #budget: PrivacyBudget | undefined;

  /**
   * Wraps a strategy.
   *
   * @throws FlwrError "invalid-argument" that names the option for which there is no guarantee
   */
  constructor(strategy: Strategy, options: CentralDpSettings) {
    super();
    checkOptions(strategy, options);
    this.#inner = strategy;
    this.#options = options;
    this.#noise = options.forTestsNoise ?? cryptoNoise();
    const { accountant, noiseMultiplier, numSampledClients: sampleSize } = options;
    this.#budget = accountant && new PrivacyBudget(accountant, { noiseMultiplier, sampleSize });
  }

  /** Name of the wrapper and of the strategy in it. */
  override get name(): string {
    return `${super.name}(${this.#inner.name})`;
  }

  /** C, the clipping norm of the next round. */
  get clippingNorm(): number {
    return this.#options.norm.current;
  }

  /** z of the noise on the updates: with adaptive clipping above `noiseMultiplier`, because the count takes a share. */
  get updateNoiseMultiplier(): number {
    return this.#options.norm.noiseMultiplier;
  }

  /** Clipping norm and privacy loss, for a checkpoint. */
  state(): CentralDpState {
    const accountant = this.#budget?.accountant.state();
    return { clippingNorm: this.clippingNorm, ...(accountant && { accountant }) };
  }

  /**
   * Continues from a checkpoint.
   *
   * @throws FlwrError "invalid-argument" if the state is malformed, or comes from other settings
   */
  restore({ clippingNorm, accountant }: CentralDpState): void {
    if (this.#budget !== undefined) this.#budget.accountant.restore(accountant);
    this.#options.norm.restore(clippingNorm);
  }

  /** Ends the run before the accountant's `maxEpsilon` would be exceeded. Flower raises an exception there. */
  override stopBefore(round: number): string | undefined {
    return this.#budget?.stopBefore(round) ?? this.#inner.stopBefore(round);
  }

  /** The inner strategy's instructions; with client-side clipping they contain `clipping_norm`. */
  override async configureTrain(round: Round): Promise<PhasePlan> {
    const { norm, side, numSampledClients, flowerCompatible } = this.#options;
    if (round.number === 1) {
      norm.reset();
      // Flower takes integers of rank 0.
      checkFloats(round.arrays.viewTensors(), flowerCompatible ? 1 : 0);
      round.grid.report({ type: "note", text: `  ${this.#describe()}` });
    }
    if (side === "client") {
      round.config.setTyped(CLIPPING_NORM, { type: "double", value: norm.current });
    }
    const plan = await this.#inner.configureTrain(round);
    checkOnePerNode(plan.messages);
    const asked = plan.messages.length;
    if (asked > 0 && asked !== numSampledClients) {
      const text = `  ${asked} nodes are asked, numSampledClients is ${numSampledClients}: ` +
        `each update counts 1/${numSampledClients}`;
      round.grid.report({ type: "note", text });
    }
    return plan;
  }

  /** Clips, adds noise, and lets the inner strategy make the new model of the result. */
  override async aggregateTrain(round: Round, replies: readonly Message[]): Promise<TrainOutcome> {
    const { flowerCompatible, norm, side, adaptive } = this.#options;
    const known = this.#usable(round, replies);
    if (flowerCompatible) {
      return await aggregateAsFlower(round, known, {
        ...{ strategy: this.#inner, noise: this.#noise, norm, side, adaptive },
        divisor: this.#options.numSampledClients,
      });
    }
    // A reply without examples is left out, as by FedAvg: that depends on this reply alone.
    const counted = known.usable.filter(({ reply }) => reply.weight > 0);
    if (counted.length === 0) return this.#inner.aggregateTrain(round, known.forInner(() => {}));
    const { model, clipped } = this.#privateMean(round.arrays.viewTensors(), counted);
    const privacy = this.#budget?.spend();
    // After the release: its noise belongs to the norm that the updates were clipped to.
    norm.adapt(clipped, counted.length, this.#noise);
    if (privacy !== undefined) {
      round.grid.report({ type: "privacy-spent", round: round.number, privacy });
    }
    const arrays = ArrayRecord.fromTensors(model);
    const outcome = await this.#inner.aggregateTrain(
      round,
      known.forInner((content) => {
        for (const [name] of content.arrayRecords) content.set(name, arrays);
        for (const [name, metrics] of content.metricRecords) {
          content.set(name, withoutNormBit(metrics));
        }
      }),
    );
    const failures = outcome.failures.map((failure) =>
      known.refused.get(failure.nodeId) ?? failure
    );
    if (privacy === undefined) return { ...outcome, failures };
    const metrics = outcome.metrics ?? new MetricRecord();
    metrics.setTyped("privacy-epsilon", { type: "double", value: privacy.epsilon });
    metrics.setTyped("privacy-delta", { type: "double", value: privacy.delta });
    return { ...outcome, failures, metrics };
  }

  /** The inner strategy's evaluation. */
  override configureEvaluate(round: Round): Promise<PhasePlan> {
    return this.#inner.configureEvaluate(round);
  }

  /** The inner strategy's evaluation: metrics are not protected. */
  override aggregateEvaluate(
    round: Round,
    replies: readonly Message[],
  ): PhaseOutcome | Promise<PhaseOutcome> {
    return this.#inner.aggregateEvaluate(round, replies);
  }

  /** The inner strategy's initial model. */
  override initialArrays(
    grid: Grid,
    options: { readonly timeout: number; readonly signal?: AbortSignal },
  ): Promise<{ arrays: ArrayRecord; nodeId?: NodeId }> {
    return this.#inner.initialArrays(grid, options);
  }

  #privateMean(
    sent: ReadonlyMap<string, Tensor>,
    replies: readonly UsableReply[],
  ): { model: ReadonlyMap<string, Tensor>; clipped: number } {
    const { norm, numSampledClients: divisor, weightCap } = this.#options;
    const { current: clippingNorm, noiseMultiplier } = norm;
    const mean = new PrivateMean(sent, { clippingNorm, noiseMultiplier, divisor });
    let clipped = 0;
    for (const { reply, bit } of replies) {
      const weight = weightCap === undefined ? 1 : Math.min(1, reply.weight / weightCap);
      const before = mean.add(reply.tensors, weight);
      if (bit ?? before > clippingNorm) clipped++;
    }
    return { model: mean.release(this.#noise), clipped };
  }

  /** Divides the replies by what the inner strategy and this wrapper accept. */
  #usable(round: Round, all: readonly Message[]): KnownReplies {
    // One node contributes once, also to a strategy that collected several replies of it.
    const replies = [
      ...new Map(all.toReversed().map((reply) => [reply.metadata.srcNodeId, reply])).values(),
    ].reverse();
    const { side, adaptive, norm, unclippedUpdates = "clip", flowerCompatible } = this.#options;
    const { accepted } = this.#inner.checkTrain(round, replies);
    const messages = new Map(replies.map((reply) => [reply.metadata.srcNodeId, reply]));
    const known = new KnownReplies(replies);
    const limit = side === "client" && unclippedUpdates === "refuse" && !flowerCompatible
      ? clippingTolerance(round.arrays.viewTensors(), norm.current)
      : undefined;
    for (const reply of accepted) {
      const bit = side === "client" && adaptive
        ? normBitOf(reply.metrics, reply.content)
        : undefined;
      const reason = typeof bit === "object"
        ? bit.reason
        : limit?.(reply.tensors, round.arrays.viewTensors());
      if (reason !== undefined) known.refuse(reply.nodeId, reason);
      else known.usable.push({ reply, message: messages.get(reply.nodeId)!, bit: bit as boolean });
    }
    return known;
  }

  #describe(): string {
    const { side, norm, adaptive, noiseMultiplier, numSampledClients, flowerCompatible } =
      this.#options;
    const norms = `${adaptive ? "adaptive clipping, first norm" : "clipping norm"} ${norm.current}`;
    return `Central differential privacy: ${norms} at the ${side}, Gaussian noise ` +
      `${noiseMultiplier} for ${numSampledClients} nodes a round` +
      (flowerCompatible ? ", computed as by Flower, without a guarantee" : "");
  }
}

/** One node's updates must not count twice. */
function checkOnePerNode(messages: readonly Message[]): void {
  const asked = new Set<NodeId>();
  const twice = messages.map(({ metadata }) => metadata.dstNodeId).find((nodeId) => {
    const again = asked.has(nodeId);
    asked.add(nodeId);
    return again;
  });
  if (twice === undefined) return;
  throw new FlwrError(
    "failed-precondition",
    `Node ${twice} would be asked twice in one round: it could then contribute twice the clipping norm`,
  );
}

function checkOptions(strategy: Strategy, options: CentralDpSettings): void {
  const { numSampledClients, weightCap, flowerCompatible = false, accountant } = options;
  if (typeof strategy?.configureTrain !== "function") {
    throw new FlwrError("invalid-argument", "The first argument must be the strategy to wrap");
  }
  checkCount("numSampledClients", numSampledClients);
  if (options.unclippedUpdates !== undefined) {
    if (!["clip", "refuse"].includes(options.unclippedUpdates)) {
      throw outOfRange("unclippedUpdates", '"clip" or "refuse"', `"${options.unclippedUpdates}"`);
    }
  }
  if (weightCap !== undefined && !(weightCap > 0 && weightCap < Infinity)) {
    throw outOfRange("weightCap", "a finite number above 0", weightCap);
  }
  if (flowerCompatible) {
    for (const name of ["accountant", "weightCap", "unclippedUpdates"] as const) {
      if (options[name] === undefined) continue;
      throw new FlwrError(
        "invalid-argument",
        `${name} cannot be combined with flowerCompatible, whose computation has no guarantee`,
        { hints: [accountant ? "Leave flowerCompatible out" : `Leave ${name} out`] },
      );
    }
  } else if (!strategy.usesMeanOnly) {
    throw new FlwrError(
      "invalid-argument",
      `${strategy.name} cannot be made private: its model depends on more than the mean of the updates`,
      {
        hints: [
          "Wrap FedAvg, FedProx, FedAvgM, FedAdam, FedYogi or FedAdagrad",
          "flowerCompatible: true adds Flower's noise to any strategy, without a guarantee",
        ],
      },
    );
  }
}
