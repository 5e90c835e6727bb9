import assert from "node:assert/strict";
import { FakeClock } from "../../base/clock.ts";
import { settle } from "../../base/testing/settle.ts";
import type { AppEvent } from "../../entities/journal.ts";
import type { ProgressEvent } from "../events.ts";
import { FakeDriver } from "../fake_driver.ts";
import { Grid } from "../grid.ts";
import { MetricRecord } from "../metric_record.ts";
import type { EventSink } from "./event_sink.ts";
import { JournalReporter } from "./journal_reporter.ts";

/** A grid, and the batches of its events. */
function start(add?: EventSink["add"]) {
  const clock = new FakeClock();
  const grid = new Grid(new FakeDriver([], () => undefined), 7n, { clock });
  const batches: AppEvent[][] = [];
  const reporter = new JournalReporter(grid, {
    add: (events) => {
      batches.push([...events]);
      return add?.(events) ?? Promise.resolve(true);
    },
  });
  return { clock, grid, batches, reporter };
}

const roundStarted = (round: number): ProgressEvent => ({
  type: "round-started",
  round,
  numRounds: 3,
});

const reply = (changes: Partial<ProgressEvent & { type: "reply" }> = {}): ProgressEvent => ({
  type: "reply",
  messageType: "train",
  groupId: "1",
  nodeId: 5n,
  messageId: "m",
  seconds: 2,
  ...changes,
});

Deno.test("journal: a round's events have round and phase, numbers that JSON has, and no lists", async () => {
  const { grid, batches, reporter } = start();
  grid.report(roundStarted(1));
  grid.report({ type: "phase-started", phase: "train", round: 1, nodeIds: [5n], available: 2 });
  const metrics = new MetricRecord({ loss: NaN, count: 3n, list: [1, 2] });
  grid.report(reply({ metrics }));
  grid.report(reply({ error: { code: 2, reason: "x".repeat(1000) } }));
  const phase = { phase: "train", nodeIds: [5n], available: 2, results: [5n] } as const;
  grid.report({
    type: "phase-finished",
    round: 1,
    phase: { ...phase, failures: [], metrics, aggregated: true, seconds: 2 },
  });
  grid.report(reply({ messageType: "query.mine" }));
  grid.report({ type: "note", text: "for the log" });
  await reporter.settled();
  assert.deepEqual(batches.flat().map(({ kind, data }) => ({ kind, ...data })), [
    { kind: "round-started", round: 1, rounds: 3 },
    { kind: "phase-started", round: 1, phase: "train", asked: 1, available: 2 },
    {
      kind: "node-replied",
      round: 1,
      phase: "train",
      messageType: "train",
      seconds: 2,
      metrics: { loss: "NaN", count: 3 },
    },
    {
      kind: "node-replied",
      round: 1,
      phase: "train",
      messageType: "train",
      seconds: 2,
      error: { code: 2, reason: "x".repeat(300) },
    },
    {
      kind: "phase-finished",
      round: 1,
      phase: "train",
      seconds: 2,
      results: 1,
      failures: 0,
      aggregated: true,
      metrics: { loss: "NaN", count: 3 },
    },
    { kind: "node-replied", round: 1, messageType: "query.mine", seconds: 2 },
  ]);
});

Deno.test("journal: events go in batches with a pause between, and at once at the end", async () => {
  const { clock, grid, batches, reporter } = start();
  grid.report(roundStarted(1));
  grid.report(roundStarted(2));
  await settle();
  assert.deepEqual(batches.map(({ length }) => length), [2]);
  grid.report(roundStarted(3));
  await settle();
  assert.equal(batches.length, 1);
  await clock.advance(1);
  assert.equal(batches.length, 2);
  grid.report(roundStarted(4));
  await reporter.settled();
  assert.equal(batches.length, 3);
  grid.report(roundStarted(5));
  await settle();
  assert.equal(batches.length, 3);
});

Deno.test("journal: where nothing is kept, nothing more is sent", async () => {
  const { clock, grid, batches, reporter } = start(() => Promise.resolve(false));
  grid.report(roundStarted(1));
  await settle();
  grid.report(roundStarted(2));
  await clock.advance(1);
  await reporter.settled();
  assert.equal(batches.length, 1);
});

Deno.test("journal: a SuperLink that does not answer delays the end by seconds, and holds a bounded number", async () => {
  const { clock, grid, batches, reporter } = start(() => new Promise(() => {}));
  grid.report(roundStarted(1));
  await settle();
  for (let nth = 0; nth < 20_000; nth++) grid.report(roundStarted(nth));
  const end = reporter.settled();
  await settle();
  await clock.advance(6);
  await end;
  assert.equal(batches.length, 1);
});
