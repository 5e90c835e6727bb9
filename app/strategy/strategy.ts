import type { ArrayRecord } from "../array_record.ts";
import type { ConfigRecord } from "../config_record.ts";
import type { Grid } from "../grid.ts";
import type { Message } from "../message.ts";
import type { MetricRecord } from "../metric_record.ts";
import type { NodeId } from "../../entities/metadata.ts";
import type { Failure, Result } from "../result.ts";
import { runStrategy, type StartOptions } from "./run_strategy.ts";

/** A round as a strategy's hooks see it. */
export interface Round {
  /** From 1. */
  readonly number: number;
  /** The global model now. */
  readonly arrays: ArrayRecord;
  /** What the user wants the nodes to be told, for this phase of this round. The hook's own: it may change it. */
  readonly config: ConfigRecord;
  /** The way to the nodes. */
  readonly grid: Grid;
  /** Ends the run. */
  readonly signal?: AbortSignal;
}

/** The nodes of a phase, and the message for each. */
export interface PhasePlan {
  /** The instructions; none skips the phase. */
  readonly messages: readonly Message[];
  /** How many nodes were online to choose from. */
  readonly available: number;
}

/** Result of aggregating a phase's replies. */
export interface PhaseOutcome {
  /** The nodes whose replies went into the aggregate. */
  readonly results: readonly NodeId[];
  /** The replies that do not. */
  readonly failures: readonly Failure[];
  /** Whether the replies were aggregated. */
  readonly aggregated: boolean;
  /** The aggregate of the replies' metrics. */
  readonly metrics?: MetricRecord;
}

/** Result of aggregating a training phase's replies. */
export interface TrainOutcome extends PhaseOutcome {
  /** The new global model; undefined leaves the old one. */
  readonly arrays?: ArrayRecord;
}

/** Decides which nodes get which message in each round, and how to aggregate the replies. */
export abstract class Strategy {
  /** What a terminal calls it. */
  get name(): string {
    return this.constructor.name;
  }

  /** Chooses nodes and instructions for training. */
  abstract configureTrain(round: Round): Promise<PhasePlan>;
  /** Makes the new model of the replies, errors among them. */
  abstract aggregateTrain(
    round: Round,
    replies: readonly Message[],
  ): TrainOutcome | Promise<TrainOutcome>;
  /** Chooses nodes and instructions for evaluation. `round.arrays` is the model that training ended with. */
  abstract configureEvaluate(round: Round): Promise<PhasePlan>;
  /** Sums up the replies, errors among them. */
  abstract aggregateEvaluate(
    round: Round,
    replies: readonly Message[],
  ): PhaseOutcome | Promise<PhaseOutcome>;
  /** The model to start from where the user gives none. */
  abstract initialArrays(
    grid: Grid,
    options: { readonly timeout: number; readonly signal?: AbortSignal },
  ): Promise<{ arrays: ArrayRecord; nodeId?: NodeId }>;

  /**
   * Runs all rounds: training on the nodes, evaluation on the nodes, evaluation by the ServerApp.
   *
   * @throws FlwrError "failed-precondition" after the last round when no round's training came to anything,
   *   "cancelled" by the signal
   */
  start(grid: Grid, options: StartOptions = {}): Promise<Result> {
    return runStrategy(this, grid, options);
  }
}
