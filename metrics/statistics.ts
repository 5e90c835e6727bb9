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
export interface StatisticsKind<S extends Statistics = Statistics> {
  /**
   * The statistics of one node.
   *
   * @param name the name that the parts begin with
   * @param parts the node's metrics
   * @throws FlwrError "invalid-argument" if parts are missing, malformed, or do not fit together
   */
  read(name: string, parts: Parts): S;
  /**
   * The statistics of several nodes together.
   *
   * @param name the name of the statistics, for errors
   * @param nodes what {@link read} returned for each; at least one
   * @throws FlwrError "invalid-argument" if they differ in size
   */
  merge(name: string, nodes: readonly S[]): S;
}

/** A node's metrics by name, as a MetricRecord has them. */
export interface Parts {
  get(name: string): number | bigint | readonly (number | bigint)[] | undefined;
}
