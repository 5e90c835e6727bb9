import assert from "node:assert/strict";
import type { JournalRecord, NewJournalRecord } from "./journal.ts";
import { roundsOf } from "./run_rounds.ts";
import { sharesOf } from "./run_shares.ts";

/** Records, one a second. */
function recorded(...records: NewJournalRecord[]): JournalRecord[] {
  return records.map((record, place) =>
    ({ ...record, runId: 1n, sequence: place + 1, at: 100 + place }) as JournalRecord
  );
}

/** An answer of a node, that was sent at a time. */
function answered(
  messageType: string,
  nodeId: bigint,
  pushedAt: number,
  { groupId = "", error }: { groupId?: string; error?: { code: number; reason: string } } = {},
): NewJournalRecord {
  const data = { messageId: "", messageType, groupId, pushedAt, ...(error && { error }) };
  return { kind: "instruction-answered", nodeId, data };
}

const phase = (round: number, phase: "train" | "evaluate", loss: number): NewJournalRecord => ({
  kind: "phase-finished",
  data: {
    ...{ round, phase, seconds: 2, results: 1, failures: 0, aggregated: true },
    metrics: { loss },
  },
});

Deno.test("rounds: reported ones have their strategy, metrics, nodes and durations", () => {
  const rounds = roundsOf(recorded(
    { kind: "strategy-started", data: { strategy: "FedAvg", rounds: 1 } },
    { kind: "server-evaluated", data: { round: 0, seconds: 1, metrics: { loss: 9 } } },
    { kind: "round-started", data: { round: 1, rounds: 1 } },
    {
      kind: "node-replied",
      nodeId: 5n,
      data: { round: 1, phase: "train", messageType: "train", seconds: 1, metrics: { loss: 3 } },
    },
    phase(1, "train", 3),
    phase(1, "evaluate", 2),
    { kind: "privacy-spent", data: { round: 1, epsilon: 1, delta: 1e-5 } },
    { kind: "round-finished", data: { round: 1, seconds: 5 } },
    { kind: "strategy-started", data: { strategy: "FedAdam", rounds: 1 } },
    { kind: "round-started", data: { round: 1, rounds: 1 } },
    // The instructions of the same rounds do not count again.
    answered("train", 5n, 100),
  ));
  assert.deepEqual(rounds.map(({ strategy, round, seconds }) => [strategy, round, seconds]), [
    [1, 0, undefined],
    [1, 1, 5],
    [2, 1, undefined],
  ]);
  assert.deepEqual(rounds[0]!.server, { loss: 9 });
  const { train, evaluate, privacy } = rounds[1]!;
  assert.deepEqual([train!.metrics, train!.seconds], [{ loss: 3 }, 2]);
  assert.deepEqual(train!.nodes, [{ nodeId: 5n, at: 103, metrics: { loss: 3 } }]);
  assert.deepEqual(evaluate!.metrics, { loss: 2 });
  assert.deepEqual(privacy, { epsilon: 1, delta: 1e-5 });
});

Deno.test("rounds: those of an app that reports none follow from its instructions", () => {
  const error = { code: 2, reason: "no data" };
  const rounds = roundsOf(recorded(
    { kind: "run-began", data: {} },
    answered("query", 1n, 50),
    answered("train", 1n, 100),
    answered("train.mine", 2n, 100.2, { error }),
    answered("evaluate", 1n, 103),
    answered("train", 1n, 104),
    // A node that answers late was still asked in its round.
    answered("train", 2n, 104.1),
    // Without an evaluation, a node that is asked again is in the next round.
    answered("train", 1n, 107),
  ));
  const nodes = (part?: { nodes: readonly { nodeId: bigint }[] }) =>
    part?.nodes.map(({ nodeId }) => nodeId);
  assert.deepEqual(
    rounds.map(({ round, train, evaluate }) => [round, nodes(train), nodes(evaluate)]),
    [[1, [1n, 2n], [1n]], [2, [1n, 2n], undefined], [3, [1n], undefined]],
  );
  assert.deepEqual(rounds[0]!.train!.nodes[1]!.error, error);
});

Deno.test("rounds: groups with numbers are rounds", () => {
  const rounds = roundsOf(recorded(
    answered("train", 1n, 100, { groupId: "3" }),
    answered("train", 2n, 101, { groupId: "4" }),
    answered("train", 3n, 102, { groupId: "x" }),
  ));
  assert.deepEqual(rounds.map(({ round }) => round), [3, 4, 5]);
});

Deno.test("shares: reported ones count, and without them the replies", () => {
  const error = { code: 2, reason: "no data" };
  assert.deepEqual(
    sharesOf(recorded(
      answered("train", 2n, 100, { error }),
      answered("train", 1n, 100.1),
      answered("evaluate", 1n, 103, { error }),
      answered("train", 1n, 104),
    )),
    [
      {
        nodeId: 1n,
        ...{ asked: 2, contributed: 2 },
        train: { asked: 2, contributed: 2 },
        evaluate: { asked: 1, contributed: 0 },
        lastError: { round: 1, phase: "evaluate", reason: "no data" },
      },
      {
        nodeId: 2n,
        ...{ asked: 1, contributed: 0 },
        train: { asked: 1, contributed: 0 },
        evaluate: { asked: 0, contributed: 0 },
        lastError: { round: 1, phase: "train", reason: "no data" },
      },
    ],
  );
  const none = { asked: 0, contributed: 0 };
  const data = { asked: 10, contributed: 4, train: none, evaluate: none };
  const contributed = { kind: "node-contributed", nodeId: 7n, data } as const;
  assert.deepEqual(sharesOf(recorded(contributed, answered("train", 1n, 1), contributed)), [
    { nodeId: 7n, asked: 20, contributed: 8, train: none, evaluate: none },
  ]);
});
