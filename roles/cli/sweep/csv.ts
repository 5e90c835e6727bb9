import { stringify } from "csv-stringify/sync";
import { valueText } from "./grid.ts";
import type { Group, Results, SweepRun } from "./results.ts";
import type { ScalarValue } from "../../../fab/scalar.ts";
import type { Statistic } from "./statistics.ts";

/** The groups of runs as CSV: one row for each, with mean, sample deviation and number of values of every metric. */
export function groupsCsv({ groups, metrics }: Results): string {
  const settings = groups[0] === undefined ? [] : [...groups[0].settings.keys()];
  const header = [
    ...settings,
    "runs",
    "completed",
    ...statisticNames("seconds"),
    ...metrics.flatMap((name) => [
      ...statisticNames(`${name} final`),
      ...statisticNames(`${name} best`),
    ]),
    "errors",
  ];
  return stringify([header.map(safe), ...groups.map((group) => groupRow(group, metrics))]);
}

function groupRow(group: Group, metrics: readonly string[]): string[] {
  const errors = group.runs.flatMap(({ finished }) =>
    finished === undefined || finished.error === "" ? [] : [`${finished.status}: ${finished.error}`]
  );
  return [
    ...Array.from(group.settings.values(), cellOf),
    String(group.runs.length),
    String(group.completed),
    ...statisticCells(group.seconds),
    ...metrics.flatMap((name) => {
      const metric = group.metrics.get(name);
      return [...statisticCells(metric?.final), ...statisticCells(metric?.best)];
    }),
    safe([...new Set(errors)].join("; ")),
  ];
}

/** The runs as CSV: one row for each, with the final, smallest and largest value of every metric. */
export function runsCsv({ runs, metrics }: Results): string {
  const settings = runs[0] === undefined ? [] : [...runs[0].settings.keys()];
  const parts = ["final", "min", "min round", "max", "max round"];
  const header = [
    ...settings,
    "run-id",
    "status",
    "error",
    "seconds",
    ...metrics.flatMap((name) => parts.map((part) => `${name} ${part}`)),
  ];
  return stringify([header.map(safe), ...runs.map((run) => runRow(run, metrics))]);
}

function runRow({ settings, finished }: SweepRun, metrics: readonly string[]): string[] {
  return [
    ...Array.from(settings.values(), cellOf),
    finished === undefined ? "" : String(finished.runId),
    finished?.status ?? "not-finished",
    safe(finished?.error ?? ""),
    finished === undefined ? "" : String(finished.seconds),
    ...metrics.flatMap((name) => {
      const metric = finished?.metrics?.get(name);
      if (metric === undefined) return ["", "", "", "", ""];
      const { final, min, minRound, max, maxRound } = metric;
      return [final, min, minRound, max, maxRound].map(String);
    }),
  ];
}

function statisticNames(name: string): string[] {
  return [`${name} mean`, `${name} deviation`, `${name} n`];
}

function statisticCells(statistic: Statistic | undefined): string[] {
  if (statistic === undefined) return ["", "", "0"];
  const { mean, deviation, count } = statistic;
  return [String(mean), deviation === undefined ? "" : String(deviation), String(count)];
}

function cellOf(value: ScalarValue): string {
  return typeof value === "string" ? safe(value) : valueText(value);
}

/** Text that no spreadsheet takes for a formula: errors come from nodes. */
function safe(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}
