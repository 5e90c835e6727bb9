import { FlwrError } from "../../base/error.ts";
import type { NodeId } from "../../entities/metadata.ts";
import type { PrivacyAccountant } from "../../privacy/accounting/accountant.ts";
import { checkCount } from "../../base/check_option.ts";
import { outOfRange } from "../../privacy/accounting/release.ts";
import { ConfigRecord } from "../config_record.ts";
import type { Exchange } from "../exchange.ts";
import { float } from "../float.ts";
import type { PrivacyReport } from "../events.ts";
import type { Message } from "../message.ts";
import { MetricRecord } from "../metric_record.ts";
import { RecordDict } from "../record_dict.ts";
import type { Failure } from "../result.ts";
import type { PhasePlan, Round, Strategy, TrainOutcome } from "../strategy/strategy.ts";
import { StrategyWrapper } from "../strategy/strategy_wrapper.ts";
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
export abstract class CentralDp extends StrategyWrapper {
  readonly #options: CentralDpSettings;
  readonly #noise: NoiseSource;
  readonly #budget: PrivacyBudget | undefined;

  /**
   * Wraps a strategy.
   *
   * @throws FlwrError "invalid-argument" that names the option for which there is no guarantee
   */
  constructor(strategy: Strategy, options: CentralDpSettings) {
    super(strategy);
    checkOptions(strategy, options);
    this.#options = options;
    this.#noise = options.forTestsNoise ?? cryptoNoise();
    const { accountant, noiseMultiplier, numSampledClients: sampleSize } = options;
    this.#budget = accountant && new PrivacyBudget(accountant, { noiseMultiplier, sampleSize });
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
      super.savesEachRound;
  }

  /** Clipping norm, the accountant's releases, and the state of the inner strategy. */
  override saveState(): RecordDict {
    const own = new ConfigRecord({ "clipping-norm": float(this.clippingNorm) });
    if (this.#budget) own.set("accountant", JSON.stringify(this.#budget.accountant.state()));
    if (this.#options.runNoise) own.set("correlated-noise", this.#options.runNoise.save());
    return withInner(own, super.saveState());
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
      super.loadState(innerOf(state));
    } catch (error) {
      accountant?.restore(before.accountant);
      if (before.runNoise !== undefined) runNoise!.restore(before.runNoise);
      throw error;
    }
    this.#options.norm.restore(norm);
  }

  /** The accountant's releases, with that of the round in progress, and what the inner strategy counts. */
  override saveReleases(): RecordDict {
    if (this.#budget === undefined) return super.saveReleases();
    const own = new ConfigRecord({ accountant: JSON.stringify(this.#budget.accountant.state()) });
    const { runNoise } = this.#options;
    if (runNoise !== undefined) own.set("begun", runNoise.begun);
    return withInner(own, super.saveReleases());
  }

  /** Replaces what was counted. @throws FlwrError "invalid-argument" if another strategy saved it */
  override loadReleases(releases: RecordDict): void {
    if (this.#budget === undefined) return super.loadReleases(releases);
    const own = releases.configRecord(OWN_STATE);
    const { runNoise } = this.#options;
    const begun = runNoise && own.number("begun");
    const accountant = parsed(own.string("accountant"));
    super.loadReleases(innerOf(releases));
    this.#budget.accountant.restore(accountant);
    if (begun !== undefined) runNoise!.begun = begun;
  }

  /** Ends the run before the accountant's `maxEpsilon` would be exceeded. Flower raises an exception there. */
  override stopBefore(round: number): string | undefined {
    const { runNoise } = this.#options;
    if (round === 1) runNoise?.reset();
    const isCounted = runNoise !== undefined && isCountedBy(runNoise);
    return runNoise?.stopBefore(round) ??
      (isCounted ? undefined : this.#budget?.stopBefore(round)) ??
      super.stopBefore(round);
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
    const plan = await this.inner.configureTrain(
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
      return await aggregateAsFlower(round, replies, this.inner, this.#options, this.#noise);
    }
    const training = new PrivateRound(round, this.inner, this.#options);
    for (const reply of replies) training.add(reply);
    return await this.#finish(round, training);
  }

  /** Like {@link aggregateTrain}, but adds each reply as it arrives, so only one model is held at a time. */
  override async collectTrain(round: Round, replies: Exchange): Promise<TrainOutcome> {
    if (this.#options.flowerCompatible) return await super.collectTrain(round, replies);
    const training = new PrivateRound(round, this.inner, this.#options);
    for await (const reply of replies) training.add(reply);
    return await this.#finish(round, training);
  }

  async #finish(round: Round, training: PrivateRound): Promise<TrainOutcome> {
    const privacy = training.count > 0 ? await this.#spend(round) : undefined;
    const released = training.release(this.#noise);
    // After the release: its noise belongs to the norm that the updates were clipped to.
    if (released) this.#options.norm.adapt(released.clipped, released.count, this.#noise);
    if (privacy !== undefined) {
      round.grid.report({ type: "privacy-spent", round: round.number, privacy });
    }
    const replies = training.replies.forInner(released?.model);
    const outcome = released === undefined
      ? { results: [], failures: failuresOf(replies), aggregated: false }
      : await this.inner.aggregateTrain(round, replies);
    const failures = training.replies.failures(outcome.failures);
    if (privacy === undefined) return { ...outcome, failures };
    const metrics = outcome.metrics ?? new MetricRecord();
    metrics.setTyped("privacy-epsilon", { type: "double", value: privacy.epsilon });
    metrics.setTyped("privacy-delta", { type: "double", value: privacy.delta });
    return { ...outcome, failures, metrics };
  }

  /**
   * Counts a round's release, and saves the count before there is anything to release: checkpoint/releases_checkpoint.ts
   * says why no release is then forgotten.
   */
  async #spend(round: Round): Promise<PrivacyReport | undefined> {
    const { runNoise } = this.#options;
    // Correlated noise is one release of the whole run.
    const isCounted = runNoise !== undefined && isCountedBy(runNoise);
    if (runNoise !== undefined) runNoise.begun = runNoise.released + 1;
    const privacy = isCounted ? this.#budget?.report() : this.#budget?.spend();
    await round.persistReleases?.();
    return privacy;
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

/**
 * Whether the next round is part of the one release that is counted for a whole run. It is not if it was begun before, by a
 * process that ended: its noise may have been another, and nodes may join rounds that they had already joined there. The
 * rounds that such a process released, and that are repeated, are together at most one more release of a whole run: with C
 * the matrix and x the contributions, one node changes their C·x by at most the sensitivity, as it does in a whole run, and
 * their noise is independent of that of the repeated rounds.
 */
function isCountedBy({ released, begun }: RunNoise): boolean {
  return released > 0 && begun <= released;
}

/** A wrapper's own record with those of its inner strategy. */
function withInner(own: ConfigRecord, inner: RecordDict): RecordDict {
  const named = [...inner].map(([name, record]) => [INNER_STATE + name, record] as const);
  return new RecordDict([[OWN_STATE, own], ...named]);
}

/** The records of the inner strategy. */
function innerOf(records: RecordDict): RecordDict {
  return new RecordDict(
    [...records].filter(([name]) => name.startsWith(INNER_STATE))
      .map(([name, record]) => [name.slice(INNER_STATE.length), record] as const),
  );
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
