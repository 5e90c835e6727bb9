import { stringify } from "csv-stringify/sync";
import type { NodeLabels } from "../../../base/node_labels.ts";
import { printable } from "../../../base/printable.ts";
import type { Screen } from "../../output/screen.ts";
import { type TableColumn, tableLines } from "../../output/table.ts";
import type { MetricRow } from "./metric_rows.ts";

/** Significant digits of a number in a table. */
const DIGITS = 4;
/** Beginnings by which spreadsheets take a text for a formula. */
const FORMULA = /^[=+\-@]/;

/** The rows as JSON. */
export function metricJson(rows: readonly MetricRow[], labels: NodeLabels) {
  return rows.map(({ nodeId, at, ...row }) => ({
    ...row,
    ...(nodeId !== undefined && { "node-id": String(nodeId), node: labels.nameOf(nodeId) ?? null }),
    time: isoTime(at),
  }));
}

/** The rows as CSV, with a line of headings. */
export function metricCsv(rows: readonly MetricRow[], labels: NodeLabels): string {
  const cells = rows.map(({ strategy, round, source, nodeId, metric, value, at }) => [
    strategy,
    round,
    source,
    nodeId === undefined ? "" : String(nodeId),
    nodeId === undefined ? "" : text(labels.nameOf(nodeId) ?? ""),
    text(metric),
    value,
    isoTime(at),
  ]);
  const columns = ["strategy", "round", "source", "node-id", "node", "metric", "value", "time"];
  return stringify(cells, { header: true, columns }).trimEnd();
}

/** One line of the table: all numbers of a round, or of a node in it. */
interface Line {
  readonly strategy: number;
  readonly round: number;
  readonly nodeId?: bigint;
  readonly values: Map<string, string>;
}

/**
 * The rows as a table with a line for each round, and a column for each number.
 *
 * @param ofNodes whether each node has a line, too
 */
export function metricTable(
  rows: readonly MetricRow[],
  labels: NodeLabels,
  screen: Screen,
  ofNodes: boolean,
): string[] {
  const lines = new Map<string, Line>();
  const names = new Set<string>();
  for (const { strategy, round, source, nodeId, metric, value } of rows) {
    if (nodeId !== undefined && !ofNodes) continue;
    const key = `${strategy} ${round} ${nodeId ?? ""}`;
    const node = nodeId === undefined ? {} : { nodeId };
    const line = lines.get(key) ?? { strategy, round, ...node, values: new Map() };
    lines.set(key, line);
    const name = `${source}/${metric}`;
    names.add(name);
    line.values.set(name, source === "time" ? `${number(value)} s` : number(value));
  }
  const shown = [...lines.values()];
  const columns: TableColumn<Line>[] = [
    ...shown.some(({ strategy }) => strategy > 1)
      ? [{ title: "STRATEGY", cell: ({ strategy }: Line) => String(strategy) }]
      : [],
    { title: "ROUND", cell: ({ round }) => String(round) },
    ...ofNodes
      ? [{
        title: "NODE",
        cell: ({ nodeId }: Line) => nodeId === undefined ? "(all)" : labels.of(nodeId),
      }]
      : [],
    ...[...names].map((name, place) => ({
      title: printable(name),
      cell: ({ values }: Line) => values.get(name) ?? "",
      dropOrder: names.size - place,
    })),
  ];
  return tableLines(columns, shown, screen);
}

function number(value: number | string): string {
  return typeof value === "number" ? String(Number(value.toPrecision(DIGITS))) : value;
}

/** Text of strangers, which a spreadsheet must not take for a formula. */
function text(value: string): string {
  const shown = printable(value);
  return FORMULA.test(shown) ? `'${shown}` : shown;
}

function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
