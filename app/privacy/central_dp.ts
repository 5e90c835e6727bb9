import { FlwrError } from "../../base/error.ts";
import type { NodeId } from "../../entities/metadata.ts";
import type { PrivacyAccountant } from "../../privacy/accounting/accountant.ts";
import { checkCount } from "../../base/check_option.ts";
import { outOfRange } from "../../privacy/accounting/release.ts";
import type { ArrayRecord } from "../array_record.ts";
import { ConfigRecord } from "../config_record.ts";
import type { Exchange } from "../exchange.ts";
import { float } from "../float.ts";
import type { Grid } from "../grid.ts";
import type { Message } from "../message.ts";
import { MetricRecord } from "../metric_record.ts";
import { RecordDict } from "../record_dict.ts";
import type { Failure } from "../result.ts";
import {
  type PhaseOutcome,
  type PhasePlan,
  type Round,
  Strategy,
  type TrainOutcome,
} from "../strategy/strategy.ts";
import { requireRounds } from "../strategy/rounds_only.ts";
import { PrivacyBudget } from "./budget.ts";
import { CLIPPING_NORM } from "./clipping_mods.ts";
import type { ClippingNorm } from "./clipping_norm.ts";
import { aggregateAsFlower } from "./flower_aggregate.ts";
import { checkFloats } from "./model_update.ts";
import { PrivateRound } from "./private_round.ts";
import { cryptoNoise, type NoiseSource } from "./noise_source.ts";
import type { RunNoise } from "./run_noise.ts";

/** Options that all wrappers have. */
export interface CentralDpOptions {
  /** z: the noise's standard deviation ÷ the clipping norm, from 0. {@link calibrateNoise} finds it for an ε and δ. */
  readonly noiseMultiplier: number;
  /**
   * n, the number of nodes that each round trains on. The sum of the updates is always divided by n, even if fewer
   * nodes reply, because the noise is scaled for n. From 1.
   */
  readonly numSampledClients: number;
  /** Counts the ε of the rounds, and ends the run before its `maxEpsilon` would be exceeded (default: none). */
  readonly accountant?: PrivacyAccountant;
  /**
   * An update with weight w, such as its number of examples, counts min(w / `weightCap`, 1). Above 0 (default: each
   * update counts 1).
   */
  readonly weightCap?: number;
  /**
   * Whether to compute as Flower does, for federations that need the same numbers: the strategy weights updates by
   * their examples, and noise is added to its result. This has no ε, so it cannot be used with `accountant` (default
   * false).
   */
  readonly flowerCompatible?: boolean;
  /** Replaces the cryptographic noise. For tests only: such noise protects nothing. */
  readonly forTestsNoise?: NoiseSource;
}

/** Options of the wrappers whose nodes clip. */
export interface ClientSideOptions {
  /**
   * Action for an update that a node has not clipped: "clip" clips it at the server, "refuse" makes the reply a failure
   * of its node (default "clip"). In both cases no update counts with more than the clipping norm.
   */
  readonly unclippedUpdates?: "clip" | "refuse";
}

/** Settings of a wrapper: how it clips, and the user's options. */
export interface CentralDpSettings extends CentralDpOptions, ClientSideOptions {
  /** Who clips. */
  readonly side: "server" | "client";
  /** The clipping norm, which may change from round to round. */
  readonly norm: ClippingNorm;
  /** Whether the norm needs to know which updates were clipped. */
  readonly adaptive: boolean;
  /** The noise of all rounds, if it is correlated (default: each round has its own). */
  readonly runNoise?: RunNoise;
}

/** Name of the record with a wrapper's own state, and prefix of the inner strategy's records. */
const [OWN_STATE, INNER_STATE] = ["privacy", "strategy."] as const;

/**
 * Central differential privacy around a strategy: the server adds noise to the mean of the nodes' clipped updates, so
 * the models of all rounds together hardly depend on any single node. See docs/privacy.md for the guarantee.
 *
 * Each round computes sent + (Σ clip(uᵢ) + noise) / n and gives it to the inner strategy as the model of each node. So
 * the noise covers everything that the strategy computes from the mean. FedAvg, FedProx, FedAvgM, FedAdam, FedYogi and
 * FedAdagrad work.
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
    requireRounds(super.name, strategy);
    checkOptions(strategy, options);
    this.#inner = strategy;
    this.#options = options;
    this.#noise = options.forTestsNoise ?? cryptoNoise();
    const { accountant, noiseMultiplier, numSampledClients: sampleSize } = options;
    this.#budget = accountant && new PrivacyBudget(accountant, { noiseMultiplier, sampleSize });
  }

  /** Name of the wrapper and of its inner strategy. */
  override get name(): string {
    return `${super.name}(${this.#inner.name})`;
  }

  /** C, the clipping norm of the next round. */
  get clippingNorm(): number {
    return this.#options.norm.current;
  }

  /**
   * z of the noise on the updates. With adaptive clipping it is larger than `noiseMultiplier`, because the noisy count
   * uses part of the budget.
   */
  get updateNoiseMultiplier(): number {
    return this.#options.norm.noiseMultiplier;
  }

  /** True with an accountant or with noise of the whole run, because no release may be forgotten. */
  override get savesEachRound(): boolean {
    return this.#budget !== undefined || this.#options.runNoise !== undefined ||
      this.#inner.savesEachRound;
  }

  /** Clipping norm, the accountant's releases, and the state of the inner strategy. */
  override saveState(): RecordDict {
    const own = new ConfigRecord({ "clipping-norm": float(this.clippingNorm) });
    if (this.#budget) own.set("accountant", JSON.stringify(this.#budget.accountant.state()));
    if (this.#options.runNoise) own.set("correlated-noise", this.#options.runNoise.save());
    const inner = [...this.#inner.saveState()].map(([name, record]) =>
      [INNER_STATE + name, record] as const
    );
    return new RecordDict([[OWN_STATE, own], ...inner]);
  }

  /** Replaces the state by one that `saveState` returned. @throws FlwrError "invalid-argument" if it is not one */
  override loadState(state: RecordDict): void {
    const own = state.configRecord(OWN_STATE);
    const norm = own.number("clipping-norm");
    this.#options.norm.check(norm);
    const { runNoise } = this.#options;
    const accountant = this.#budget?.accountant;
    const before = { accountant: accountant?.state(), runNoise: runNoise?.save() };
    accountant?.restore(parsed(own.string("accountant")));
    try {
      runNoise?.restore(own.string("correlated-noise"));
      this.#inner.loadState(
        new RecordDict(
          [...state].filter(([name]) => name.startsWith(INNER_STATE))
            .map(([name, record]) => [name.slice(INNER_STATE.length), record] as const),
        ),
      );
    } catch (error) {
      accountant?.restore(before.accountant);
      if (before.runNoise !== undefined) runNoise!.restore(before.runNoise);
      throw error;
    }
    this.#options.norm.restore(norm);
  }

  /** Ends the run before the accountant's `maxEpsilon` would be exceeded. Flower raises an exception there. */
  override stopBefore(round: number): string | undefined {
    const { runNoise } = this.#options;
    if (round === 1) runNoise?.reset();
    const isCounted = runNoise !== undefined && runNoise.released > 0;
    return runNoise?.stopBefore(round) ??
      (isCounted ? undefined : this.#budget?.stopBefore(round)) ??
      this.#inner.stopBefore(round);
  }

  /** The inner strategy's instructions; with client-side clipping they contain `clipping_norm`. */
  override async configureTrain(round: Round): Promise<PhasePlan> {
    const { norm, side, numSampledClients, flowerCompatible, runNoise } = this.#options;
    if (round.number === 1) {
      norm.reset();
      runNoise?.reset();
      // Flower accepts integers of rank 0.
      checkFloats(round.arrays.viewTensors(), flowerCompatible ? 1 : 0);
      round.grid.report({ type: "note", text: `  ${this.#describe()}` });
    }
    if (side === "client") {
      round.config.setTyped(CLIPPING_NORM, { type: "double", value: norm.current });
    }
    const plan = await this.#inner.configureTrain(
      runNoise === undefined ? round : { ...round, grid: await runNoise.choose(round) },
    );
    checkOnePerNode(plan.messages);
    runNoise?.checkPlan(plan.messages);
    const asked = plan.messages.length;
    if (asked > 0 && asked !== numSampledClients) {
      const text = `  ${asked} nodes are asked, numSampledClients is ${numSampledClients}: ` +
        `each update counts 1/${numSampledClients}`;
      round.grid.report({ type: "note", text });
    }
    return plan;
  }

  /** Clips, adds noise, and lets the inner strategy compute the new model from the result. */
  override async aggregateTrain(round: Round, replies: readonly Message[]): Promise<TrainOutcome> {
    if (this.#options.flowerCompatible) {
      return await aggregateAsFlower(round, replies, this.#inner, this.#options, this.#noise);
    }
    const training = new PrivateRound(round, this.#inner, this.#options);
    for (const reply of replies) training.add(reply);
    return await this.#finish(round, training);
  }

  /** Like {@link aggregateTrain}, but adds each reply as it arrives, so only one model is held at a time. */
  override async collectTrain(round: Round, replies: Exchange): Promise<TrainOutcome> {
    if (this.#options.flowerCompatible) return await super.collectTrain(round, replies);
    const training = new PrivateRound(round, this.#inner, this.#options);
    for await (const reply of replies) training.add(reply);
    return await this.#finish(round, training);
  }

  async #finish(round: Round, training: PrivateRound): Promise<TrainOutcome> {
    // Correlated noise counts as one release for the whole run.
    const isFirst = (this.#options.runNoise?.released ?? 0) === 0;
    const released = training.release(this.#noise);
    const privacy = released && (isFirst ? this.#budget?.spend() : this.#budget?.report());
    // Only after the release, whose noise belongs to the norm to which the updates were clipped.
    if (released) this.#options.norm.adapt(released.clipped, released.count, this.#noise);
    if (privacy !== undefined) {
      round.grid.report({ type: "privacy-spent", round: round.number, privacy });
    }
    const replies = training.replies.forInner(released?.model);
    const outcome = released === undefined
      ? { results: [], failures: failuresOf(replies), aggregated: false }
      : await this.#inner.aggregateTrain(round, replies);
    const failures = training.replies.failures(outcome.failures);
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

  #describe(): string {
    const { side, norm, adaptive, noiseMultiplier, numSampledClients, flowerCompatible, runNoise } =
      this.#options;
    const norms = `${adaptive ? "adaptive clipping, first norm" : "clipping norm"} ${norm.current}`;
    return `Central differential privacy: ${norms} at the ${side}, Gaussian noise ` +
      `${noiseMultiplier} for ${numSampledClients} nodes a round` +
      (runNoise === undefined ? "" : `, ${runNoise.description}`) +
      (flowerCompatible ? ", computed as by Flower, without a guarantee" : "");
  }
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new FlwrError("invalid-argument", "The accountant's state is not JSON", { cause });
  }
}

/** The reasons why no reply of a round could be used. */
function failuresOf(replies: readonly Message[]): Failure[] {
  return replies.map(({ metadata: { srcNodeId: nodeId }, error }) =>
    error === undefined
      ? { nodeId, reason: "Reply rejected: it has no examples" }
      : { nodeId, code: error.code, reason: error.reason }
  );
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
          "Wrap FedAvg, FedProx, FedAvgM, FedAdam, FedYogi or FedAdagrad, without postprocessors",
          "flowerCompatible: true adds Flower's noise to any strategy, without a guarantee",
        ],
      },
    );
  }
}
