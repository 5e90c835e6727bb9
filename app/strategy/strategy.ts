import type { ArrayRecord } from "../array_record.ts";
import type { ConfigRecord } from "../config_record.ts";
import type { Grid } from "../grid.ts";
import type { Message } from "../message.ts";
import type { MetricRecord } from "../metric_record.ts";
import type { NodeId } from "../../entities/metadata.ts";
import type { Failure, Result } from "../result.ts";
import { type CheckedReplies, checkReplies } from "./reply_check.ts";
import { runStrategy, type StartOptions } from "./run_strategy.ts";

/** The data of a round that a strategy's hooks receive. */
export interface Round {
  /** Number of the round, from 1. */
  readonly number: number;
  /** The current global model. */
  readonly arrays: ArrayRecord;
  /** The user's settings for the nodes in this phase of this round. The hook may change the record. */
  readonly config: ConfigRecord;
  /** The access to the nodes. */
  readonly grid: Grid;
  /** Ends the run. */
  readonly signal?: AbortSignal;
}

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
   * that replace each model by a noisy mean need such a strategy (default: false).
   */
  get usesMeanOnly(): boolean {
    return false;
  }

  /**
   * Divides the replies to a training into those that {@link aggregateTrain} would aggregate, and failures. Wrappers
   * that compute the mean themselves call it.
   */
  checkTrain({ arrays }: Round, replies: readonly Message[]): CheckedReplies {
    return checkReplies(replies, { arrays, weightedByKey: "num-examples" });
  }

  /**
   * Decides before a round whether the run ends there, for example because its privacy budget is spent.
   *
   * @param _round the round that would be next, from 1
   * @returns the reason, as a sentence without a full stop; undefined if the run goes on (default)
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
