import { counted } from "../../../base/readable.ts";
import type { Screen } from "../../output/screen.ts";
import { hiddenTitles, type TableColumn, tableLines } from "../../output/table.ts";
import { durationText } from "../../output/units.ts";
import { pick, settingsText, valueText } from "./grid.ts";
import type { Group, Results, SweepRun } from "./results.ts";
import { statisticText } from "./statistics.ts";

/** Most characters of an error in the table of runs that did not complete. */
const MAX_ERROR_CHARS = 200;

/** The results of a sweep as lines: a table of the groups, and one of the runs that did not complete. */
export function resultLines(results: Results, screen: Screen): string[] {
  const columns = groupColumns(results);
  const lines = tableLines(columns, results.groups, screen);
  const hidden = hiddenTitles(columns, results.groups, screen);
  if (hidden.length > 0) lines.push(`Without room for: ${hidden.join(", ")}`);
  const unfinished = results.runs.filter(({ finished }) =>
    finished !== undefined && finished.status !== "completed"
  );
  if (unfinished.length > 0) {
    lines.push("", ...tableLines(failureColumns(results.swept, screen), unfinished, screen));
  }
  return lines;
}

function groupColumns(results: Results): TableColumn<Group>[] {
  const { groups, metrics, averaged } = results;
  const names = groups[0] === undefined ? [] : [...groups[0].settings.keys()];
  const titles = titlesOf(metrics);
  const isRun = averaged.length === 0;
  return [
    ...names.map((name): TableColumn<Group> => ({
      title: name,
      cell: ({ settings }) => valueText(settings.get(name)!),
    })),
    {
      title: "RUNS",
      cell: ({ runs, completed }) =>
        completed === runs.length ? String(completed) : `${completed} of ${runs.length}`,
      ...(isRun && { dropOrder: 1 }),
    },
    // The best values of the last metrics go first, then their final values, then the best of the first metric.
    ...metrics.flatMap((name, place): TableColumn<Group>[] => [
      {
        title: titles[place]!,
        cell: ({ metrics, completed }) => statisticText(metrics.get(name)?.final, completed),
        ...(place > 0 && { dropOrder: 3 + 2 * metrics.length - place }),
      },
      {
        title: `${titles[place]} (best)`,
        cell: ({ metrics, completed }) => statisticText(metrics.get(name)?.best, completed),
        dropOrder: place > 0 ? 2 + metrics.length - place : 3 + 2 * metrics.length,
      },
    ]),
    {
      title: "TIME",
      cell: ({ seconds }) => seconds === undefined ? "" : durationText(seconds.mean),
      dropOrder: 0,
    },
  ];
}

/** Names of metrics without their phase, where that is not ambiguous. */
function titlesOf(metrics: readonly string[]): string[] {
  const short = (name: string) => name.slice(name.indexOf("/") + 1);
  const counts = Map.groupBy(metrics, short);
  return metrics.map((name) => counts.get(short(name))!.length > 1 ? name : short(name));
}

function failureColumns(swept: readonly string[], { colours }: Screen): TableColumn<SweepRun>[] {
  return [
    { title: "RUN ID", cell: ({ finished }) => String(finished!.runId) },
    {
      title: "SETTINGS",
      cell: ({ settings }) => settingsText(pick(settings, swept)),
    },
    {
      title: "STATUS",
      cell: ({ finished }) => finished!.status,
      style: ({ finished }) => finished!.status === "failed" ? colours.bad : colours.warning,
    },
    {
      title: "ERROR",
      cell: ({ finished: { error } = { error: "" } }) =>
        error.length > MAX_ERROR_CHARS ? `${error.slice(0, MAX_ERROR_CHARS)}…` : error,
    },
  ];
}

/** "4 of 6 runs completed", and how many of them have no metrics. */
export function summaryLines(runs: readonly SweepRun[]): string[] {
  const completed = runs.filter(({ finished }) =>
    finished?.status === "completed" || finished?.status === "incomplete"
  );
  const all = counted(runs.length, "run");
  const bare = completed.filter(({ finished }) => finished!.metrics === undefined).length;
  return [
    completed.length === runs.length
      ? `${all} completed`
      : `${completed.length} of ${all} completed`,
    ...(bare === 0 ? [] : [
      `Without metrics, because they saved no history.json: ${counted(bare, "run")}. ` +
      "A run has one if its ServerApp uses a strategy, and its SuperLink keeps artifacts",
    ]),
  ];
}
