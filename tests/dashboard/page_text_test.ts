/** How the dashboard's page shows values, and what it keeps of a log. */
import assert from "node:assert/strict";
import { ago, bytes, duration, metric } from "../../roles/dashboard/page/format.ts";
import { LogLines } from "../../roles/dashboard/page/log_lines.ts";
import { shownMetrics } from "../../roles/dashboard/page/metrics.ts";

Deno.test("page: durations, sizes and metrics are as people write them", () => {
  const durations = [0.0004, 0.23, 0.9999, 2.34, 9.96, 59.6, 252, 3600, 86_400 * 2 + 3600];
  assert.deepEqual(
    durations.map(duration),
    ["0 ms", "230 ms", "1.0 s", "2.3 s", "10 s", "1 min 0 s", "4 min 12 s", "1 h 0 min", "2 d 1 h"],
  );
  assert.deepEqual([duration(NaN), duration(-1)], ["–", "–"]);
  assert.deepEqual([5, 90, 7300].map((seconds) => ago(1000, 1000 + seconds)), [
    "5 s ago",
    "1 min ago",
    "2 h ago",
  ]);
  assert.deepEqual([0, 999, 1000, 1_550_000, 999_600_000].map(bytes), [
    "0 B",
    "999 B",
    "1.0 kB",
    "1.6 MB",
    "1.0 GB",
  ]);
  assert.deepEqual([0, 3, 0.91234, 1e-9, 123_456.7, "NaN" as const, undefined].map(metric), [
    "0",
    "3",
    "0.9123",
    "1.00e-9",
    "1.23e+5",
    "NaN",
    "–",
  ]);
});

Deno.test("page: pieces of a log become lines, of which a bounded number is kept", () => {
  const log = new LogLines();
  log.add("one\ntw");
  log.add("o\nthree");
  assert.deepEqual(log.matching(""), ["one", "two", "three"]);
  assert.deepEqual(log.matching("T"), ["two", "three"]);
  log.add(" and more\nfour t\n");
  assert.deepEqual(log.matching("t"), ["two", "three and more", "four t"]);
  log.add("x".repeat(10_000));
  log.add("x\n");
  assert.equal(log.matching("xxx")[0]?.length, 4000);
  for (let count = 0; count < 120; count++) log.add("line\n".repeat(1000));
  assert.ok(log.count <= 110_000 && log.dropped >= 10_000);
  assert.equal(log.count + log.dropped, 120_005);
});

Deno.test("page: metrics have a value per round, with gaps for what is no number", () => {
  const phase = { phase: "train", startedAt: 0, asked: 1, results: 1, failures: 0 } as const;
  const shown = shownMetrics({
    rounds: [
      { round: 0, startedAt: 0, phases: [], server: { accuracy: 0.1 } },
      { round: 1, startedAt: 0, phases: [{ ...phase, metrics: { loss: "NaN" } }] },
      { round: 2, startedAt: 0, phases: [{ ...phase, metrics: { loss: 0.5 } }] },
    ],
    nodeMetrics: { train: [], evaluate: [] },
  });
  assert.deepEqual(shown.map(({ title, values }) => [title, values]), [
    ["accuracy, server", [0.1, null, null]],
    ["loss, training", [null, null, 0.5]],
  ]);
});
