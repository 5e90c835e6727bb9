import { FlwrError } from "../../base/error.ts";
import type { ArrayRecord } from "../array_record.ts";
import type { Exchange } from "../exchange.ts";
import type { Grid } from "../grid.ts";
import type { Message } from "../message.ts";
import type { MetricRecord } from "../metric_record.ts";
import { RecordDict } from "../record_dict.ts";
import type { NodeId } from "../../entities/metadata.ts";
import type { Failure, Result } from "../result.ts";
import { ModelContract } from "./contract/model_contract.ts";
import type { CheckedReply } from "./contract/reply_contract.ts";
import type { PhaseRound, Round } from "./round/round.ts";
import { runStrategy, type StartOptions } from "./run_strategy.ts";

export type { Round } from "./round/round.ts";

/** The messages of a phase. */
export interface PhasePlan {
  /** The instructions; an empty list skips the phase. */
  readonly messages: readonly Message[];
  /** Number of online nodes from which the nodes were chosen. */
  readonly available: number;
}

/** Result of aggregating a phase's replies. */
export interface PhaseOutcome {
  /** The nodes whose replies went into the aggregate. */
  readonly results: readonly NodeId[];
  /** The replies that were not aggregated. */
  readonly failures: readonly Failure[];
  /** Whether the replies were aggregated. */
  readonly aggregated: boolean;
  /** The aggregate of the replies' metrics. */
  readonly metrics?: MetricRecord;
}

/** Result of aggregating a training phase's replies. */
export interface TrainOutcome extends PhaseOutcome {
  /** The new global model; undefined keeps the old one. */
  readonly arrays?: ArrayRecord;
}

/** Determines which nodes get which message in each round, and how replies are aggregated. */
export abstract class Strategy {
  /** Name of the strategy for messages. */
  get name(): string {
    return this.constructor.name;
  }

  /**
   * Whether the new model depends on the replies only through the mean of their models, whatever its weights. Wrappers
   * that replace each model with a noisy mean need such a strategy (default: false).
   */
  get usesMeanOnly(): boolean {
    return false;
  }

  /**
   * Checks a reply to training as {@link aggregateTrain} does, for wrappers that compute the mean themselves.
   *
   * @throws FlwrError with the reason why the reply would be a failure of its node
   */
  checkTrain(round: PhaseRound, reply: Message): CheckedReply {
    return new ModelContract().check(reply, round);
  }

  /**
   * Decides before a round whether the run ends there, for example because its privacy budget is spent.
   *
   * @param _round the round that would be next, from 1
   * @returns the reason, as a sentence without a full stop; undefined if the run continues (default)
   * @throws FlwrError if not even a first round is possible
   */
  stopBefore(_round: number): string | undefined {
    return undefined;
  }

  /** Chooses nodes and instructions for training. */
  abstract configureTrain(round: Round): Promise<PhasePlan>;
  /** Aggregates the replies, which include errors, into the new model. */
  abstract aggregateTrain(
    round: Round,
    replies: readonly Message[],
  ): TrainOutcome | Promise<TrainOutcome>;
  /**
   * Aggregates the replies of training as they arrive. By default, waits for all of them and passes them to {@link
   * aggregateTrain} in the order of their instructions.
   *
   * @param replies one per instruction, including errors; read until there are no more
   */
  async collectTrain(round: Round, replies: Exchange): Promise<TrainOutcome> {
    return await this.aggregateTrain(round, await replies.all());
  }
  /** Chooses nodes and instructions for evaluation. `round.arrays` is the model at the end of training. */
  abstract configureEvaluate(round: Round): Promise<PhasePlan>;
  /** Aggregates the metrics of the replies, which include errors. */
  abstract aggregateEvaluate(
    round: Round,
    replies: readonly Message[],
  ): PhaseOutcome | Promise<PhaseOutcome>;
  /** The initial model if the user gives none. */
  abstract initialArrays(
    grid: Grid,
    options: { readonly timeout: number; readonly signal?: AbortSignal },
  ): Promise<{ arrays: ArrayRecord; nodeId?: NodeId }>;

  /**
   * Whether each round must be saved before the next one begins: true if the state counts what has left the server.
   * Wrappers return the answer of their inner strategy (default: false).
   */
  get savesEachRound(): boolean {
    return false;
  }

  /** The exact state that the strategy keeps from round to round. Empty by default. */
  saveState(): RecordDict {
    return new RecordDict();
  }
  /**
   * Replaces the state with one that {@link saveState} returned.
   *
   * @throws FlwrError "invalid-argument" if it is another strategy's state
   */
  loadState(state: RecordDict): void {
    if (state.size === 0) return;
    throw new FlwrError(
      "invalid-argument",
      `${this.name} keeps no state: got ${state.size} records`,
      { hints: ["The state was saved by another strategy"] },
    );
  }

  /**
   * Runs all rounds: training on the nodes, evaluation on the nodes, evaluation by the ServerApp.
   *
   * @param grid the access to the nodes
   * @returns the final model and the history of the rounds
   * @throws FlwrError "failed-precondition" after the last round when training failed in every round, "cancelled" by
   * the signal
   */
  start(grid: Grid, options: StartOptions = {}): Promise<Result> {
    return runStrategy(this, grid, options);
  }
}
