import type { JsonMetric } from "../strategy/history_json.ts";

/** A setting of a run as JSON. Integers beyond 2⁵³ are texts. */
export type SettingJson = boolean | number | string | (boolean | number | string)[];

/** The history of a run, as the artifact `history.json` has it. */
export interface RunHistory {
  /** Marks the file as a history. */
  format: "flwr-history";
  /** Version of the format. */
  version: 1;
  /** The run's id, as text because JSON's numbers do not have 64 bits. */
  "run-id": string;
  /** The settings of the run. */
  "run-config": { [name: string]: SettingJson };
  /** Whether the ServerApp ended without an error. */
  success: boolean;
  /** The error of the ServerApp; absent if it ended without one. */
  error?: string;
  /** One for each strategy that the ServerApp started, in order. */
  strategies: StrategyHistory[];
}

/** What a strategy reached. */
export interface StrategyHistory {
  /** The strategy's name, for example "FedAvg". */
  strategy: string;
  /** The number of rounds that it was started for. */
  "num-rounds": number;
  /** Whether it came to its end. */
  finished: boolean;
  /** True when `stopWhen` or the strategy ended the rounds early; absent otherwise. */
  "stopped-early"?: true;
  /** The strategy's reason to end the rounds, for example a privacy budget; absent otherwise. */
  "stop-reason"?: string;
  /** Duration in seconds; absent if it did not finish. */
  seconds?: number;
  /** Metrics of the ServerApp's evaluation before the first round. */
  "initial-server-metrics"?: { [name: string]: JsonMetric };
  /**
   * Each metric that is one number, over all rounds from 1: "evaluate/accuracy", "train/loss", "server/accuracy",
   * "privacy/epsilon".
   */
  metrics: { [name: string]: MetricRange };
  /** The rounds, in order. */
  rounds: HistoryRound[];
  /** Number of rounds that are left out because the file would be too large; absent if all rounds are there. */
  "omitted-rounds"?: number;
}

/** A metric's values over the rounds. Numbers that JSON cannot represent (NaN, 2⁶⁰) are texts. */
export interface MetricRange {
  /** The value of the last round that has the metric. */
  final: number | string;
  /** That round. */
  "final-round": number;
  /** The smallest value. NaN does not count, unless there is nothing else. */
  min: number | string;
  /** The first round with that value. */
  "min-round": number;
  /** The largest value. NaN does not count, unless there is nothing else. */
  max: number | string;
  /** The first round with that value. */
  "max-round": number;
}

/** A round of a {@link RunHistory}. */
export interface HistoryRound {
  /** Number of the round, from 1. */
  round: number;
  /** Absent if no node was asked to train. */
  train?: HistoryPhase;
  /** Absent if no node was asked to evaluate. */
  evaluate?: HistoryPhase;
  /** Metrics of the ServerApp's evaluation after the round. */
  "server-metrics"?: { [name: string]: JsonMetric };
  /** The privacy loss of the run up to this round. */
  privacy?: { epsilon: JsonMetric; delta: JsonMetric };
  /** Duration in seconds. */
  seconds: number;
}

/** A phase of a {@link HistoryRound}. It counts nodes, and does not list them. */
export interface HistoryPhase {
  /** Number of nodes that were asked. */
  asked: number;
  /** Number of online nodes from which they were chosen. */
  available: number;
  /** Number of replies that went into the aggregate. */
  results: number;
  /** Number of replies that are missing or were rejected. */
  failures: number;
  /** The most frequent reasons of failures, at most five. Absent without failures. */
  reasons?: HistoryReason[];
  /** Whether the replies were aggregated. */
  aggregated: boolean;
  /** The aggregate of the replies' metrics. */
  metrics?: { [name: string]: JsonMetric };
  /** Duration in seconds. */
  seconds: number;
}

/** A reason of failures, with one of the nodes. */
export interface HistoryReason {
  /** The reason, cut off after 500 characters. */
  reason: string;
  /** Number of failures with this reason. */
  count: number;
  /** The first of their nodes. */
  "node-id": string;
  /** Its name; absent if it has none. */
  name?: string;
}
