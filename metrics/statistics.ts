/**
 * Statistics of a node's predictions. Statistics of several nodes add up to those of all their examples, so a metric that
 * is computed from the sum is that of the whole federation, and not a mean of the nodes' metrics.
 */
export interface Statistics {
  /** Number of examples. */
  readonly examples: number;
  /** Plain numbers for a MetricRecord, each name beginning with `name` and a dot. */
  parts(name: string): Record<string, number | number[]>;
  /** The metrics of these examples, each name beginning with `name` and a dash. Those that are undefined are left out. */
  metrics(name: string): Record<string, number | number[]>;
}

/** Reads statistics from the numbers that {@link Statistics.parts} gave, and adds them up. */
export interface StatisticsKind {
  /**
   * @param name the name that the parts begin with
   * @param replies the metrics of each node that has some; at least one
   * @throws FlwrError "invalid-argument" if parts are missing, malformed, or do not fit together
   */
  merge(name: string, replies: readonly Parts[]): Statistics;
}

/** A node's metrics by name, as a MetricRecord has them. */
export interface Parts {
  get(name: string): number | bigint | readonly (number | bigint)[] | undefined;
}
