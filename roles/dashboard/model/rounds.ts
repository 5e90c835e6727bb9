/** A metric's value as JSON, which has no NaN and no infinities. */
export type MetricValue = number | "NaN" | "Infinity" | "-Infinity";

/** Metrics by name. */
export type Metrics = Readonly<Record<string, MetricValue>>;

/** Half of a round. */
export type PhaseName = "train" | "evaluate";

/** The half of a round: nodes train, or evaluate. Times are Unix seconds, durations seconds. */
export interface PhaseRow {
  readonly phase: PhaseName;
  readonly startedAt: number;
  /** Undefined while it goes on. */
  readonly seconds?: number;
  /** Nodes that were asked. */
  readonly asked: number;
  readonly results: number;
  readonly failures: number;
  /** The aggregated metrics. */
  readonly metrics?: Metrics;
}

/** A round of a run. */
export interface RoundRow {
  readonly round: number;
  readonly startedAt: number;
  /** Undefined while it goes on. */
  readonly seconds?: number;
  readonly phases: readonly PhaseRow[];
  /** Metrics of the evaluation on the server, if there was one. */
  readonly server?: Metrics;
}

/** The rounds of a run. */
export interface Rounds {
  /** Name of the strategy; undefined if the ServerApp does not report it. */
  readonly strategy?: string;
  /** Number of planned rounds. */
  readonly planned?: number;
  /** In ascending order. Round 0, if any, is the evaluation before the first. */
  readonly rounds: readonly RoundRow[];
  /** Names of the metrics that nodes report, by phase. */
  readonly nodeMetrics: Readonly<Record<PhaseName, readonly string[]>>;
}

/** What a node did in one phase of a round. Times are Unix seconds. */
export interface NodeResult {
  readonly nodeId: string;
  readonly label: string;
  readonly phase: PhaseName;
  /** When the ServerApp sent the instruction. */
  readonly pushedAt?: number;
  /** When the node got it. */
  readonly handedOutAt?: number;
  /** How long its ClientApp worked. */
  readonly appSeconds?: number;
  /** When its reply was there. */
  readonly at: number;
  /** From the instruction to the reply. */
  readonly seconds: number;
  readonly error?: string;
  readonly metrics?: Metrics;
}

/** The values of one metric on single nodes. */
export interface NodeSeries {
  readonly rounds: readonly number[];
  /** A value per round; null where a node has none. Sorted by label. */
  readonly nodes: readonly {
    readonly id: string;
    readonly label: string;
    readonly values: readonly (number | null)[];
  }[];
  /** Number of nodes that have the metric. */
  readonly total: number;
}
