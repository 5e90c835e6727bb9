import type { ArrayRecord } from "./array_record.ts";
import type { NodeId } from "../entities/metadata.ts";
import type { MetricRecord } from "./metric_record.ts";
import { type Contribution, contributionsOf } from "./contributions.ts";

/** The two phases of a round. */
export type PhaseName = "train" | "evaluate";

/** A rejected or missing reply, with the reason. */
export interface Failure {
  /** The node whose reply is missing or could not be used. */
  readonly nodeId: NodeId;
  /** Code of the error that the node, or the SuperLink for it, replied; undefined for a reply that was rejected. */
  readonly code?: number;
  /** The reason, as a sentence. */
  readonly reason: string;
}

/** What happened in one phase of a round. */
export interface PhaseRecord {
  /** Training or evaluation. */
  readonly phase: PhaseName;
  /** The nodes that were asked, in ascending order of id. */
  readonly nodeIds: readonly NodeId[];
  /** Number of online nodes from which the nodes were chosen. */
  readonly available: number;
  /** The nodes whose replies went into the aggregate, in ascending order of id. */
  readonly results: readonly NodeId[];
  /** The replies that did not go into the aggregate. */
  readonly failures: readonly Failure[];
  /** The aggregate of the replies' metrics; undefined if nothing was aggregated. */
  readonly metrics?: MetricRecord;
  /** Whether the replies were aggregated. */
  readonly aggregated: boolean;
  /** Duration of the phase in seconds. */
  readonly seconds: number;
}

/** What happened in one round. */
export interface RoundRecord {
  /** Number of the round, from 1. */
  readonly round: number;
  /** Undefined if no node was asked to train. */
  readonly train?: PhaseRecord;
  /** Undefined if no node was asked to evaluate. */
  readonly evaluate?: PhaseRecord;
  /** Metrics of the ServerApp's evaluation of the model at the end of the round. */
  readonly serverMetrics?: MetricRecord;
  /** Duration of the round in seconds. */
  readonly seconds: number;
}

/** Result of a run: the model, and the history of its rounds. */
export class Result {
  /** The global model after the last round. */
  readonly arrays: ArrayRecord;
  /** What happened in each round, in order. */
  readonly rounds: readonly RoundRecord[];
  /** Metrics of the ServerApp's evaluation of the initial model. */
  readonly initialServerMetrics: MetricRecord | undefined;
  /** Duration of all rounds in seconds. */
  readonly seconds: number;
  /** Whether `stopWhen` or the strategy ended the run before its last round. */
  readonly stoppedEarly: boolean;
  /** Why the strategy ended the run before its last round, for example a privacy budget; otherwise undefined. */
  readonly stopReason: string | undefined;

  /** Creates a result; strategies do that. */
  constructor(fields: {
    arrays: ArrayRecord;
    rounds: readonly RoundRecord[];
    initialServerMetrics?: MetricRecord;
    seconds: number;
    stoppedEarly?: boolean;
    stopReason?: string;
  }) {
    this.arrays = fields.arrays;
    this.rounds = fields.rounds;
    this.initialServerMetrics = fields.initialServerMetrics;
    this.seconds = fields.seconds;
    this.stoppedEarly = fields.stoppedEarly ?? false;
    this.stopReason = fields.stopReason;
  }

  /** The contribution of each node, in ascending order of node id. */
  get contributions(): Contribution[] {
    return contributionsOf(this.rounds);
  }

  /** The aggregated metrics of training, by round. */
  get trainMetrics(): Map<number, MetricRecord> {
    return byRound(this.rounds, ({ train }) => train?.metrics);
  }

  /** The aggregated metrics of evaluation, by round. */
  get evaluateMetrics(): Map<number, MetricRecord> {
    return byRound(this.rounds, ({ evaluate }) => evaluate?.metrics);
  }

  /** The metrics of the ServerApp's evaluations, by round; round 0 is before the first round. */
  get serverMetrics(): Map<number, MetricRecord> {
    const metrics = byRound(this.rounds, ({ serverMetrics }) => serverMetrics);
    if (this.initialServerMetrics === undefined) return metrics;
    return new Map([[0, this.initialServerMetrics], ...metrics]);
  }
}

function byRound(
  rounds: readonly RoundRecord[],
  pick: (record: RoundRecord) => MetricRecord | undefined,
): Map<number, MetricRecord> {
  const metrics = new Map<number, MetricRecord>();
  for (const record of rounds) {
    const picked = pick(record);
    if (picked !== undefined) metrics.set(record.round, picked);
  }
  return metrics;
}
