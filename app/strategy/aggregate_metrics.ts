import { FlwrError } from "../../base/error.ts";
import { partOf, statisticsKind, type StatisticsName } from "../../metrics/kinds.ts";
import type { Statistics, StatisticsKind } from "../../metrics/statistics.ts";
import { float } from "../float.ts";
import { MetricRecord } from "../metric_record.ts";
import { averageMetrics } from "./average_metrics.ts";
import type { MetricsAggrFn } from "./composed_strategy.ts";
import type { CheckedReply } from "./contract/reply_contract.ts";

/** Metrics that {@link aggregateMetrics} adds to the weighted means. */
export interface MetricsAggregation {
  /**
   * Statistics that nodes send, by name: those of `binaryStatistics`, `classStatistics` or `regressionStatistics`.
   * Their metrics are computed from the sums over all nodes; `<name>-nodes` is the number of nodes in these sums.
   */
  readonly statistics?: Readonly<Record<string, StatisticsName>>;
  /**
   * Names of numeric metrics whose minimum, median and maximum over the nodes are reported, as `<name>-min`, `-median`
   * and `-max`.
   */
  readonly spread?: readonly string[];
}

/**
 * Creates an aggregation of metrics for a strategy's `trainMetricsAggrFn` or `evaluateMetricsAggrFn`: the default
 * weighted means, metrics over the examples of all nodes, and the spread over the nodes.
 *
 * A reply whose statistics are malformed, or differ in size from most, is left out of those statistics.
 *
 * @throws FlwrError "invalid-argument" for an unknown kind of statistics
 * @example
 * ```ts
 * // A node answers: { "num-examples": n, ...binaryStatistics(scores, labels).parts("risk") }
 * const evaluateMetricsAggrFn = aggregateMetrics({ statistics: { risk: "binary" }, spread: ["loss"] });
 * new FedAvg({ evaluateMetricsAggrFn }); // metrics: loss, loss-min, …, risk-auc, risk-f1, …, risk-nodes
 * ```
 */
export function aggregateMetrics(
  { statistics = {}, spread = [] }: MetricsAggregation,
): MetricsAggrFn {
  const kinds = Object.entries(statistics).map(([name, kind]) =>
    [name, statisticsKind(name, kind)] as const
  );
  // A node must not send a metric under a name that is computed for all nodes.
  const isPart = Object.keys(statistics).map((name) => (metric: string) =>
    partOf(name)(metric) || metric.startsWith(`${name}-`)
  );
  return (replies, weightedByKey) => {
    const plain = replies.map(({ metrics, weight }) => {
      const others = [...metrics.typedEntries()].filter(([name]) => !isPart.some((is) => is(name)));
      const kept = new MetricRecord();
      for (const [name, typed] of others) kept.setTyped(name, typed);
      return { metrics: kept, weight };
    });
    const aggregate = averageMetrics(plain, weightedByKey);
    for (const name of spread) addSpread(aggregate, name, replies);
    for (const [name, kind] of kinds) {
      const nodes = fittingStatistics(name, kind, replies);
      const metrics = nodes.length === 0 ? {} : kind.merge(name, nodes).metrics(name);
      for (const [metric, value] of Object.entries(metrics)) aggregate.set(metric, float(value));
      aggregate.set(`${name}-nodes`, nodes.length);
    }
    return aggregate;
  };
}

/** The valid statistics of the most common size, one per node that sent any. */
function fittingStatistics(
  name: string,
  kind: StatisticsKind,
  replies: readonly CheckedReply[],
): readonly Statistics[] {
  const bySize = new Map<string, Statistics[]>();
  for (const { metrics } of replies) {
    const parts = [...metrics.keys()].filter(partOf(name)).sort();
    if (parts.length === 0) continue;
    const statistics = readSound(name, kind, metrics);
    if (statistics === undefined) continue;
    const size = parts.map((part) => [metrics.get(part)].flat().length).join();
    bySize.set(size, [...bySize.get(size) ?? [], statistics]);
  }
  // If several sizes are equally common, the size of the lowest node id wins.
  return [...bySize.values()].sort((a, b) => b.length - a.length)[0] ?? [];
}

/** A node's statistics. Undefined if they are malformed, or cover more examples than the node claims to have. */
function readSound(
  name: string,
  kind: StatisticsKind,
  metrics: CheckedReply["metrics"],
): Statistics | undefined {
  const claimed = metrics.get("num-examples");
  try {
    const statistics = kind.read(name, metrics);
    const fits = claimed === undefined || statistics.examples <= Number(claimed);
    return fits ? statistics : undefined;
  } catch (error) {
    if (error instanceof FlwrError) return undefined;
    throw error;
  }
}

function addSpread(aggregate: MetricRecord, name: string, replies: readonly CheckedReply[]): void {
  const values = replies
    .map(({ metrics }) => metrics.get(name))
    .filter((value) => typeof value === "number" || typeof value === "bigint")
    .map(Number)
    .sort((a, b) => a - b);
  if (values.length === 0) return;
  const middle = (values.length - 1) / 2;
  const median = values[Math.floor(middle)]! / 2 + values[Math.ceil(middle)]! / 2;
  aggregate.set(`${name}-min`, float(values[0]!));
  aggregate.set(`${name}-median`, float(median));
  aggregate.set(`${name}-max`, float(values.at(-1)!));
}
