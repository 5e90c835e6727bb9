import type { ScalarValue } from "../../../fab/scalar.ts";
import { type Grid, pick, type Settings, settingsText } from "./grid.ts";
import { metricsJson, numberJson, type RunMetric, type RunMetrics } from "./read_history.ts";
import { compareBy, type Mode, modeOf, type Statistic, statisticOf } from "./statistics.ts";

/** How a run of a sweep ended. "incomplete": it completed, but a node contributed nothing to training or evaluation. */
export type RunStatus = "completed" | "incomplete" | "failed" | "stopped";

/** A finished run of a sweep. */
export interface FinishedRun {
  readonly runId: bigint;
  readonly status: RunStatus;
  /** Why it did not complete, in one line; "" if it did. */
  readonly error: string;
  readonly seconds: number;
  /** Undefined for a run without a history. */
  readonly metrics: RunMetrics | undefined;
}

/** A run of a sweep. */
export interface SweepRun {
  readonly settings: Settings;
  /** Undefined if it was not begun, or stopped with the sweep. */
  readonly finished: FinishedRun | undefined;
}

/** A metric of several runs. */
export interface GroupMetric {
  readonly mode: Mode;
  /** Over the last round of each run that has the metric. */
  readonly final: Statistic;
  /** Over the best round of each run. */
  readonly best: Statistic;
}

/** Runs that differ only in settings that are averaged over. */
export interface Group {
  /** The other settings with a list of values. */
  readonly settings: Settings;
  readonly runs: readonly SweepRun[];
  /** Number of completed runs. */
  readonly completed: number;
  /** Seconds of the completed runs. */
  readonly seconds: Statistic | undefined;
  readonly metrics: ReadonlyMap<string, GroupMetric>;
}

/** How results are sorted and summarised. */
export interface Choice {
  /** The metric to sort by, as the user wrote it. */
  readonly metric?: string;
  /** Its mode (default: by its name). */
  readonly mode?: Mode;
}

/** The results of a sweep. */
export interface Results {
  readonly swept: readonly string[];
  readonly averaged: readonly string[];
  readonly runs: readonly SweepRun[];
  /** In the order of the grid, or sorted by {@link metric}. */
  readonly groups: readonly Group[];
  /** Names of all metrics, that to sort by first. */
  readonly metrics: readonly string[];
  /** The metric to sort by; undefined if none was chosen, or no run has it. */
  readonly metric: string | undefined;
}

/** Phases in the order in which a metric's name without a phase is looked for. */
const PHASES = ["evaluate", "server", "train", "privacy"];

/** Summarises the runs of a sweep. */
export function resultsOf(grid: Grid, runs: readonly SweepRun[], choice: Choice = {}): Results {
  const found = new Set(runs.flatMap(({ finished }) => [...finished?.metrics?.keys() ?? []]));
  const names = [...found].sort((a, b) => rankOf(a) - rankOf(b) || (a < b ? -1 : 1));
  const metric = choice.metric === undefined ? undefined : findMetric(choice.metric, names);
  const modes = new Map(names.map((name) => [
    name,
    name === metric && choice.mode !== undefined ? choice.mode : modeOf(name),
  ]));
  const shown = grid.swept.filter((name) => !grid.averaged.includes(name));
  const byKey = Map.groupBy(runs, ({ settings }) => settingsText(pick(settings, shown)));
  const groups = [...byKey.values()].map((those) => groupOf(those, shown, modes));
  const value = ({ metrics }: Group) => metrics.get(metric!)?.final.mean;
  const mode = metric === undefined ? undefined : modes.get(metric);
  return {
    swept: grid.swept,
    averaged: grid.averaged,
    runs,
    // toSorted keeps the order of equal groups.
    groups: mode === undefined
      ? groups
      : groups.toSorted((a, b) => compareBy(mode, value(a), value(b))),
    metrics: metric === undefined ? names : [metric, ...names.filter((name) => name !== metric)],
    metric,
  };
}

function rankOf(name: string): number {
  const rank = PHASES.indexOf(name.split("/", 1)[0]!);
  return rank < 0 ? PHASES.length : rank;
}

function findMetric(asked: string, names: readonly string[]): string | undefined {
  // Names are in the order of their phases.
  return names.find((name) => name === asked) ??
    names.find((name) => name.slice(name.indexOf("/") + 1) === asked);
}

function groupOf(
  runs: readonly SweepRun[],
  shown: readonly string[],
  modes: ReadonlyMap<string, Mode>,
): Group {
  const completed = runs.flatMap(({ finished }) =>
    finished?.status === "completed" || finished?.status === "incomplete" ? [finished] : []
  );
  const metrics = [...modes].flatMap(([name, mode]): [string, GroupMetric][] => {
    const values = completed.flatMap(({ metrics }) => metrics?.get(name) ?? []);
    const final = statisticOf(values.map(({ final }) => final));
    const best = statisticOf(values.map((metric) => bestOf(metric, mode)));
    return final === undefined || best === undefined ? [] : [[name, { mode, final, best }]];
  });
  return {
    settings: pick(runs[0]!.settings, shown),
    runs,
    completed: completed.length,
    seconds: statisticOf(completed.map(({ seconds }) => seconds)),
    metrics: new Map(metrics),
  };
}

function bestOf({ min, max }: RunMetric, mode: Mode): number {
  return mode === "min" ? min : max;
}

/** The results as JSON. */
export function resultsJson({ averaged, groups, runs }: Results): Record<string, unknown> {
  return {
    "average-over": averaged,
    groups: groups.map((group) => ({
      settings: settingsJson(group.settings),
      runs: group.runs.length,
      completed: group.completed,
      seconds: statisticJson(group.seconds),
      metrics: Object.fromEntries(
        Array.from(group.metrics, ([name, { mode, final, best }]) => [
          name,
          { mode, final: statisticJson(final), best: statisticJson(best) },
        ]),
      ),
    })),
    runs: runs.map(({ settings, finished }) => ({
      settings: settingsJson(settings),
      ...(finished === undefined ? { status: "not-finished" } : finishedJson(finished)),
    })),
  };
}

/** A finished run as JSON. */
export function finishedJson(
  { runId, status, error, seconds, metrics }: FinishedRun,
): Record<string, unknown> {
  return {
    "run-id": String(runId),
    status,
    ...(error !== "" && { error }),
    seconds,
    ...(metrics && { metrics: metricsJson(metrics) }),
  };
}

function statisticJson(statistic: Statistic | undefined): Record<string, unknown> | null {
  if (statistic === undefined) return null;
  const { mean, deviation, count } = statistic;
  return {
    mean: numberJson(mean),
    deviation: deviation === undefined ? null : numberJson(deviation),
    n: count,
  };
}

/** Settings as JSON. Integers that JSON cannot represent are texts. */
export function settingsJson(settings: Settings): Record<string, boolean | number | string> {
  return Object.fromEntries(
    Array.from(settings, ([name, value]) => [name, scalarJson(value)]),
  );
}

function scalarJson(value: ScalarValue): boolean | number | string {
  if (typeof value === "bigint") {
    return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  }
  return typeof value === "number" ? numberJson(value) : value;
}
