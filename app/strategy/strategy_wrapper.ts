import { FlwrError } from "../../base/error.ts";
import type { NodeId } from "../../entities/metadata.ts";
import type { ArrayRecord } from "../array_record.ts";
import type { Grid } from "../grid.ts";
import type { Message } from "../message.ts";
import type { RecordDict } from "../record_dict.ts";
import type { CheckedReply } from "./contract/reply_contract.ts";
import type { PhaseRound, Round } from "./round/round.ts";
import { type PhaseOutcome, type PhasePlan, Strategy } from "./strategy.ts";

/**
 * A strategy around another one, which it calls the inner strategy. It passes each call on. A derived class implements
 * the training, `configureTrain` and `aggregateTrain`, and overrides what else it changes.
 *
 * @example
 * ```ts
 * // Trains in every second round, and evaluates in all of them.
 * class EverySecondRound extends StrategyWrapper {
 *   override async configureTrain(round: Round): Promise<PhasePlan> {
 *     const plan = await this.inner.configureTrain(round);
 *     return round.number % 2 === 0 ? plan : { ...plan, messages: [] };
 *   }
 *   override aggregateTrain(round: Round, replies: readonly Message[]) {
 *     return this.inner.aggregateTrain(round, replies);
 *   }
 * }
 * ```
 */
export abstract class StrategyWrapper extends Strategy {
  /** The strategy inside. */
  protected readonly inner: Strategy;

  /**
   * Wraps a strategy.
   *
   * @throws FlwrError "invalid-argument" for a strategy that has a `start` of its own, such as FedBuff
   */
  constructor(inner: Strategy) {
    super();
    requireRounds(this.constructor.name, inner);
    this.inner = inner;
  }

  /** The name of the class, and of the inner strategy. */
  override get name(): string {
    return `${super.name}(${this.inner.name})`;
  }

  /**
   * False, whatever the inner strategy says: a wrapper does more than compute a mean. So wrappers that replace each model
   * by a noisy or secret mean refuse another wrapper inside.
   */
  override get usesMeanOnly(): boolean {
    return false;
  }

  /** As the inner strategy. */
  override get savesEachRound(): boolean {
    return this.inner.savesEachRound;
  }

  /** Checks as the inner strategy. @throws FlwrError with the reason for which the reply would be a failure of its node */
  override checkTrain(round: PhaseRound, reply: Message): CheckedReply {
    return this.inner.checkTrain(round, reply);
  }

  /** Ends the run where the inner strategy ends it. */
  override stopBefore(round: number): string | undefined {
    return this.inner.stopBefore(round);
  }

  /** The inner strategy's initial model. */
  override initialArrays(
    grid: Grid,
    options: { readonly timeout: number; readonly signal?: AbortSignal },
  ): Promise<{ arrays: ArrayRecord; nodeId?: NodeId }> {
    return this.inner.initialArrays(grid, options);
  }

  /** The inner strategy's evaluation. */
  override configureEvaluate(round: Round): Promise<PhasePlan> {
    return this.inner.configureEvaluate(round);
  }

  /** The inner strategy's evaluation: its replies are not changed. */
  override aggregateEvaluate(
    round: Round,
    replies: readonly Message[],
  ): PhaseOutcome | Promise<PhaseOutcome> {
    return this.inner.aggregateEvaluate(round, replies);
  }

  /** The inner strategy's state. */
  override saveState(): RecordDict {
    return this.inner.saveState();
  }

  /** Replaces the inner strategy's state. @throws FlwrError "invalid-argument" if it is another strategy's */
  override loadState(state: RecordDict): void {
    this.inner.loadState(state);
  }

  /** What the inner strategy counts of its releases. */
  override saveReleases(): RecordDict {
    return this.inner.saveReleases();
  }

  /** Replaces what the inner strategy counts. @throws FlwrError "invalid-argument" if it is another strategy's */
  override loadReleases(releases: RecordDict): void {
    this.inner.loadReleases(releases);
  }
}

/** Checks that a wrapper can run the rounds of a strategy: it never calls the strategy's own `start`. */
function requireRounds(wrapper: string, strategy: Strategy): void {
  if (typeof strategy?.configureTrain !== "function") {
    throw new FlwrError("invalid-argument", "The first argument must be the strategy to wrap");
  }
  if (strategy.start === Strategy.prototype.start) return;
  throw new FlwrError(
    "invalid-argument",
    `${wrapper} cannot be used with ${strategy.name}, which overrides start: ${wrapper} runs the rounds itself`,
    { hints: ["Use a strategy that runs in rounds, such as FedAvg"] },
  );
}
