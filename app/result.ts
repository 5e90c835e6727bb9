import type { ArrayRecord } from "./array_record.ts";
import type { NodeId } from "../entities/metadata.ts";
import type { MetricRecord } from "./metric_record.ts";
import { type Contribution, contributionsOf } from "./contributions.ts";

/** The two phases of a round. */
export type PhaseName = "train" | "evaluate";

/** A rejected or failed reply, with the reason. */
export interface Failure {
  /** The node whose reply is missing or could not be used. */
  readonly nodeId: NodeId;
  /** The code of the error that the node, or the SuperLink for it, replied; undefined for a reply that was refused. */
  readonly code?: number;
  /** Why, in a sentence. */
  readonly reason: string;
}

/** What happened in one phase of a round. */
export interface PhaseRecord {
  /** Training or evaluation. */
  readonly phase: PhaseName;
  /** The nodes that were asked, in ascending order of id. */
  readonly nodeIds: readonly NodeId[];
  /** How many nodes were online to choose from. */
  readonly available: number;
  /** The nodes whose replies went into the aggregate, in ascending order of id. */
  readonly results: readonly NodeId[];
  /** The replies that did not go into the aggregate. */
  readonly failures: readonly Failure[];
  /** The aggregate of the replies' metrics; undefined where nothing was aggregated. */
  readonly metrics?: MetricRecord;
  /** Whether the replies were aggregated. */
  readonly aggregated: boolean;
  /** How long the phase took, in seconds. */
  readonly seconds: number;
}

/** What happened in one round. */
export interface RoundRecord {
  /** From 1. */
  readonly round: number;
  /** Undefined where no node was to train. */
  readonly train?: PhaseRecord;
  /** Undefined where no node was to evaluate. */
  readonly evaluate?: PhaseRecord;
  /** What the ServerApp measured itself, on the model that the round ended with. */
  readonly serverMetrics?: MetricRecord;
  /** How long the round took, in seconds. */
  readonly seconds: number;
}

/** Result of a run: the model, and the history of its rounds. */
export class Result {
  /** The global model after the last round. */
  readonly arrays: ArrayRecord;
  /** What happened in each round, in order. */
  readonly rounds: readonly RoundRecord[];
  /** What the ServerApp measured on the model that the first round started from. */
  readonly initialServerMetrics: MetricRecord | undefined;
  /** How long all rounds took, in seconds. */
  readonly seconds: number;
  /** Whether `stopWhen` ended the run before its last round. */
  readonly stoppedEarly: boolean;

  /** Puts a result together; strategies do so. */
  constructor(fields: {
    arrays: ArrayRecord;
    rounds: readonly RoundRecord[];
    initialServerMetrics?: MetricRecord;
    seconds: number;
    stoppedEarly?: boolean;
  }) {
    this.arrays = fields.arrays;
    this.rounds = fields.rounds;
    this.initialServerMetrics = fields.initialServerMetrics;
    this.seconds = fields.seconds;
    this.stoppedEarly = fields.stoppedEarly ?? false;
  }

  /** What each node contributed, in ascending order of node id. */
  get contributions(): Contribution[] {
    return contributionsOf(this.rounds);
  }

  /** What the nodes measured while training, by round. */
  get trainMetrics(): Map<number, MetricRecord> {
    return byRound(this.rounds, ({ train }) => train?.metrics);
  }

  /** What the nodes measured while evaluating, by round. */
  get evaluateMetrics(): Map<number, MetricRecord> {
    return byRound(this.rounds, ({ evaluate }) => evaluate?.metrics);
  }

  /** What the ServerApp measured itself, by round; round 0 is before the first. */
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
