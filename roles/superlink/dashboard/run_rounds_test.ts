import assert from "node:assert/strict";
import type { JournalRecord, NewJournalRecord } from "../../../entities/journal.ts";
import { RunRounds } from "./run_rounds.ts";

/** Adds records at these times. */
function roundsOf(
  records: readonly (readonly [at: number, record: NewJournalRecord])[],
): RunRounds {
  const rounds = new RunRounds();
  for (const [at, record] of records) {
    rounds.add({ sequence: at, at, runId: 1n, ...record } as JournalRecord);
  }
  return rounds;
}

const started = (round: number): NewJournalRecord => ({
  kind: "round-started",
  data: { round, rounds: 3 },
});

const asked = (round: number, phase: "train" | "evaluate"): NewJournalRecord => ({
  kind: "phase-started",
  data: { round, phase, asked: 2, available: 3 },
});

const replied = (nodeId: bigint, round: number, loss: number | "NaN"): NewJournalRecord => ({
  kind: "node-replied",
  nodeId,
  data: { round, phase: "train", messageType: "train", seconds: 2, metrics: { loss } },
});

const failed = (nodeId: bigint, round: number, reason: string): NewJournalRecord => ({
  kind: "node-replied",
  nodeId,
  data: { round, phase: "train", messageType: "train", seconds: 2, error: { code: 1, reason } },
});

const answered = (nodeId: bigint, groupId: string, messageType = "train"): NewJournalRecord => ({
  kind: "instruction-answered",
  nodeId,
  data: { messageId: "m", messageType, groupId, pushedAt: 100, handedOutAt: 101, appSeconds: 3 },
});

Deno.test("rounds: a round goes on, counts its replies, and ends with its aggregate", () => {
  const open = [
    [100, started(1)],
    [100, asked(1, "train")],
    [102, replied(7n, 1, 0.5)],
    [103, failed(8n, 1, "boom\u001b[31m")],
  ] as const;
  const { planned, rounds } = roundsOf(open).rounds(0);
  assert.deepEqual([planned, rounds], [3, [{
    round: 1,
    startedAt: 100,
    phases: [{ phase: "train", startedAt: 100, asked: 2, results: 1, failures: 1 }],
  }]]);
  const over = roundsOf([...open, [104, {
    kind: "phase-finished",
    data: {
      round: 1,
      phase: "train",
      seconds: 4,
      results: 1,
      failures: 1,
      aggregated: true,
      metrics: { loss: "NaN" },
    },
  }], [105, {
    kind: "server-evaluated",
    data: { round: 1, seconds: 1, metrics: { accuracy: 0.5 } },
  }], [106, { kind: "round-finished", data: { round: 1, seconds: 6 } }]]);
  const [row] = over.rounds(1).rounds;
  assert.deepEqual(row, {
    round: 1,
    startedAt: 100,
    seconds: 6,
    phases: [{
      ...rounds[0]!.phases[0]!,
      seconds: 4,
      metrics: { loss: "NaN" },
    }],
    server: { accuracy: 0.5 },
  });
  assert.deepEqual(over.rounds(2).rounds, []);
  assert.equal(over.answers(1).find(({ nodeId }) => nodeId === 8n)?.error, "boom");
});

Deno.test("rounds: a round that an interrupted run repeats replaces the first attempt", () => {
  const rounds = roundsOf([
    [100, started(1)],
    [100, asked(1, "train")],
    [101, replied(7n, 1, 0.5)],
    [200, started(1)],
    [200, asked(1, "train")],
  ]);
  assert.deepEqual(
    rounds.rounds(0).rounds.map(({ startedAt, phases }) => [startedAt, phases[0]?.results]),
    [
      [200, 0],
    ],
  );
});

Deno.test("rounds: a node's answer has the times of its instruction and the metrics of its reply", () => {
  const [answer] = roundsOf([
    [100, started(1)],
    [100, asked(1, "train")],
    [106, answered(7n, "1")],
    [
      107,
      replied(7n, 1, 0.5),
    ],
  ]).answers(1);
  assert.equal(answer?.delivery?.handedOutAt, 101);
  assert.deepEqual([answer?.appSeconds, answer?.metrics, answer?.at], [3, { loss: 0.5 }, 106]);
});

Deno.test("rounds: those of an app that reports none are derived from its instructions", () => {
  const pushed = (groupId: string, messageType: string): NewJournalRecord => ({
    kind: "instructions-pushed",
    data: { messageType, groupId, count: 2 },
  });
  const { rounds, planned } = roundsOf([
    [100, pushed("1", "train")],
    [100, pushed("", "query")],
    [100, pushed("round one", "train")],
    [105, answered(7n, "1")],
    [108, answered(8n, "1")],
    [109, pushed("2", "train.custom")],
    [110, answered(7n, "2", "train.custom")],
  ]).rounds(0);
  assert.equal(planned, undefined);
  assert.deepEqual(rounds.map(({ round, seconds }) => [round, seconds]), [[1, 8], [2, undefined]]);
  assert.deepEqual(rounds[0]!.phases, [
    { phase: "train", startedAt: 100, asked: 2, results: 2, failures: 0, seconds: 8 },
  ]);
});

Deno.test("rounds: a metric has a line per node, with gaps, and at most eight lines", () => {
  const records = Array.from(
    { length: 12 },
    (_, index) => [index, replied(BigInt(index), 1, 0.1)] as const,
  );
  const rounds = roundsOf([...records, [20, replied(3n, 2, "NaN")], [21, replied(3n, 3, 0.2)], [
    22,
    replied(2n, 2, 0.3),
  ]]);
  const labelOf = (nodeId: bigint) => `node-${nodeId}`;
  const series = rounds.series("train", "loss", labelOf);
  assert.deepEqual([series.rounds, series.total, series.nodes.length], [[1, 2, 3], 12, 8]);
  assert.deepEqual(series.nodes.slice(2, 4), [
    { id: "2", label: "node-2", values: [0.1, 0.3, null] },
    { id: "3", label: "node-3", values: [0.1, null, 0.2] },
  ]);
  assert.equal(rounds.series("evaluate", "loss", labelOf).total, 0);
  rounds.add({ sequence: 30, at: 30, runId: 1n, ...replied(2n, 3, 0.4) } as JournalRecord);
  assert.deepEqual(rounds.series("train", "loss", labelOf).nodes[2]?.values, [0.1, 0.3, 0.4]);
});

Deno.test("rounds: answers and names of metrics are bounded", () => {
  const rounds = new RunRounds();
  for (let index = 0; index < 20_100; index++) {
    const metrics = { [`m${index}`]: 1 };
    rounds.add({
      sequence: index,
      at: index,
      runId: 1n,
      kind: "node-replied",
      nodeId: BigInt(index),
      data: { round: 1, phase: "train", messageType: "train", seconds: 1, metrics },
    });
  }
  assert.equal(rounds.answers(1).length, 20_000);
  assert.equal(rounds.rounds(0).nodeMetrics.train.length, 100);
});
