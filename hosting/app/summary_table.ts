import type { MetricRecord } from "../../app/metric_record.ts";
import type { Result } from "../../app/result.ts";
import { formatMetric } from "./metrics_text.ts";

/** The metrics of all rounds as tables for a terminal: one each for train, evaluate and server. */
export function summaryTable(result: Result): string[] {
  const parts: [string, Map<number, MetricRecord>][] = [
    ["train", result.trainMetrics],
    ["evaluate", result.evaluateMetrics],
    ["server", result.serverMetrics],
  ];
  return parts.filter(([, rounds]) => rounds.size > 0).flatMap(([title, rounds]) => [
    "",
    ...table(title, rounds),
  ]);
}

function table(title: string, rounds: Map<number, MetricRecord>): string[] {
  const names = [...new Set([...rounds.values()].flatMap((metrics) => [...metrics.keys()]))];
  const head = [title, ...names];
  const rows = [...rounds].map(([round, metrics]) => [
    `round ${round}`,
    ...names.map((name) => {
      const value = metrics.get(name);
      return value === undefined ? "-" : formatMetric(value);
    }),
  ]);
  const widths = head.map((cell, column) =>
    Math.max(cell.length, ...rows.map((row) => row[column]!.length))
  );
  return [head, ...rows].map((row) =>
    row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)
    ).join("  ").trimEnd()
  );
}
