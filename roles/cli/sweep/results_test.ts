import assert from "node:assert/strict";
import { parse } from "csv-parse/sync";
import { coloursIf } from "../../output/colours.ts";
import { groupsCsv, runsCsv } from "./csv.ts";
import type { Grid, Settings } from "./grid.ts";
import type { RunMetric } from "./read_history.ts";
import {
  type FinishedRun,
  type Results,
  resultsJson,
  resultsOf,
  type SweepRun,
} from "./results.ts";
import { resultLines } from "./table.ts";

const GRID: Grid = { swept: ["lr", "seed"], averaged: ["seed"], runs: [] };

const settings = (lr: number, seed: bigint): Settings =>
  new Map<string, number | bigint>([["lr", lr], ["seed", seed]]);

const metric = (final: number, min = final, max = final): RunMetric => ({
  final,
  finalRound: 3,
  min,
  minRound: 1,
  max,
  maxRound: 2,
});

const completed = (metrics: Record<string, RunMetric>): FinishedRun => ({
  runId: 7n,
  status: "completed",
  error: "",
  seconds: 2,
  metrics: new Map(Object.entries(metrics)),
});

const FAILED: FinishedRun = {
  runId: 9n,
  status: "failed",
  error: '=1+1, "disk" is full',
  seconds: 1,
  metrics: new Map([["evaluate/accuracy", metric(1)]]),
};

/** Two learning rates with two seeds: one run fails, one lacks a metric, and one is not finished. */
const RUNS: readonly SweepRun[] = [
  {
    settings: settings(0.1, 1n),
    finished: completed({
      "evaluate/accuracy": metric(0.7, 0.1, 0.9),
      "train/loss": metric(1, 0.5),
    }),
  },
  {
    settings: settings(0.1, 2n),
    finished: completed({ "evaluate/accuracy": metric(0.9, 0.2, 0.9) }),
  },
  { settings: settings(1, 1n), finished: completed({ "evaluate/accuracy": metric(0.95) }) },
  { settings: settings(1, 2n), finished: FAILED },
  { settings: settings(2, 1n), finished: completed({ "evaluate/accuracy": metric(NaN) }) },
  { settings: settings(2, 2n), finished: undefined },
];

const rates = ({ groups }: Results) => groups.map(({ settings }) => settings.get("lr"));

Deno.test("results: completed runs are averaged over the seed, with final and best values", () => {
  const { groups, metrics } = resultsOf(GRID, RUNS);
  assert.deepEqual(metrics, ["evaluate/accuracy", "train/loss"]);
  const [first, second] = groups;
  const accuracy = first!.metrics.get("evaluate/accuracy")!;
  assert.ok(Math.abs(accuracy.final.mean - 0.8) < 1e-15);
  assert.ok(Math.abs(accuracy.final.deviation! - Math.sqrt(0.02)) < 1e-15);
  assert.deepEqual(accuracy.best, { mean: 0.9, deviation: 0, count: 2 });
  // A loss is best when it is smallest, and one run does not have it.
  assert.deepEqual(first!.metrics.get("train/loss")!.best, {
    mean: 0.5,
    deviation: undefined,
    count: 1,
  });
  // The metrics of a failed run do not count.
  assert.deepEqual([second!.completed, second!.runs.length], [1, 2]);
  assert.equal(second!.metrics.get("evaluate/accuracy")!.final.mean, 0.95);
});

Deno.test("results: sorted by a metric, with or without its phase", () => {
  assert.deepEqual(rates(resultsOf(GRID, RUNS)), [0.1, 1, 2]);
  for (const metric of ["accuracy", "evaluate/accuracy"]) {
    assert.deepEqual(rates(resultsOf(GRID, RUNS, { metric })), [1, 0.1, 2]);
    assert.deepEqual(rates(resultsOf(GRID, RUNS, { metric, mode: "min" })), [0.1, 1, 2]);
  }
  const unknown = resultsOf(GRID, RUNS, { metric: "recall" });
  assert.deepEqual([unknown.metric, rates(unknown)], [undefined, [0.1, 1, 2]]);
});

Deno.test("results: a metric of several phases is that of the evaluation", () => {
  const run = {
    settings: settings(1, 1n),
    finished: completed({ "train/loss": metric(1), "evaluate/loss": metric(2) }),
  };
  assert.equal(resultsOf(GRID, [run], { metric: "loss" }).metric, "evaluate/loss");
});

Deno.test("results: as JSON, with texts for what JSON cannot represent", () => {
  const json = JSON.parse(JSON.stringify(resultsJson(resultsOf(GRID, RUNS))));
  assert.deepEqual(json.groups[2].metrics["evaluate/accuracy"], {
    mode: "max",
    final: { mean: "NaN", deviation: null, n: 1 },
    best: { mean: "NaN", deviation: null, n: 1 },
  });
  assert.deepEqual(json.runs[5], { settings: { lr: 2, seed: 2 }, status: "not-finished" });
  assert.equal(json.runs[3].error, FAILED.error);
});

Deno.test("results: as CSV, in which no text is a formula", () => {
  const results = resultsOf(GRID, RUNS);
  const groups = parse(groupsCsv(results), { columns: true }) as Record<string, string>[];
  assert.deepEqual(groups.map(({ lr }) => lr), ["0.1", "1.0", "2.0"]);
  assert.equal(groups[1]!["evaluate/accuracy final mean"], "0.95");
  assert.equal(groups[1]!["evaluate/accuracy final deviation"], "");
  assert.equal(groups[1]!["errors"], `failed: ${FAILED.error}`);
  assert.equal(groups[1]!["train/loss final n"], "0");
  const runs = parse(runsCsv(results), { columns: true }) as Record<string, string>[];
  assert.deepEqual(runs.map(({ seed }) => seed), ["1", "2", "1", "2", "1", "2"]);
  assert.deepEqual([runs[3]!["error"], runs[3]!["status"]], [`'${FAILED.error}`, "failed"]);
  assert.deepEqual([runs[5]!["run-id"], runs[5]!["status"]], ["", "not-finished"]);
});

Deno.test("results: a table fits into the terminal, and names what it has no room for", () => {
  const colours = coloursIf(false);
  const wide = resultLines(resultsOf(GRID, RUNS), { width: undefined, colours });
  assert.match(wide[1]!, /^0\.1 +2 +0\.8 ± 0\.14 +0\.9 ± 0 +1 \(n=1\) +0\.5 \(n=1\) +2s$/);
  assert.match(wide.at(-1)!, /^9 +lr=1\.0 seed=2 +failed +=1\+1, "disk" is full$/);
  for (const width of [80, 100, 40]) {
    const lines = resultLines(resultsOf(GRID, RUNS, { metric: "loss" }), { width, colours });
    const table = lines.slice(0, 4);
    for (const line of table) assert.ok(line.length <= width, `${width}: ${line}`);
    assert.match(table[0]!, /^lr +RUNS +loss/);
    assert.equal(lines.some((line) => line.startsWith("Without room for: ")), width === 40);
  }
});
