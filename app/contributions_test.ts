import assert from "node:assert/strict";
import { contributionsOf, isSilent } from "./contributions.ts";
import type { Failure, PhaseName, PhaseRecord, RoundRecord } from "./result.ts";

function phase(
  name: PhaseName,
  nodeIds: bigint[],
  results: bigint[],
  failures: Failure[] = [],
): PhaseRecord {
  return { phase: name, nodeIds, available: 3, results, failures, aggregated: true, seconds: 1 };
}

Deno.test("a round counts once per node if any of its replies was aggregated", () => {
  const bad = { nodeId: 3n, code: 2, reason: "no data" };
  const rounds: RoundRecord[] = [
    {
      round: 1,
      train: phase("train", [2n, 3n], [2n], [bad]),
      evaluate: phase("evaluate", [2n, 3n], [2n], [bad]),
      seconds: 1,
    },
    { round: 2, train: phase("train", [1n, 3n], [1n], [bad]), seconds: 1 },
  ];
  assert.deepEqual(contributionsOf(rounds), [
    {
      nodeId: 1n,
      asked: 1,
      contributed: 1,
      train: { asked: 1, contributed: 1 },
      evaluate: { asked: 0, contributed: 0 },
      lastFailure: undefined,
    },
    {
      nodeId: 2n,
      asked: 1,
      contributed: 1,
      train: { asked: 1, contributed: 1 },
      evaluate: { asked: 1, contributed: 1 },
      lastFailure: undefined,
    },
    {
      nodeId: 3n,
      asked: 2,
      contributed: 0,
      train: { asked: 2, contributed: 0 },
      evaluate: { asked: 1, contributed: 0 },
      lastFailure: { ...bad, round: 2, phase: "train" },
    },
  ]);
});

Deno.test("a node that recovered keeps its last failure", () => {
  const failed = { nodeId: 1n, reason: "NaN" };
  const rounds: RoundRecord[] = [
    { round: 1, train: phase("train", [1n], [], [failed]), seconds: 1 },
    { round: 2, train: phase("train", [1n], [1n]), seconds: 1 },
  ];
  assert.deepEqual(contributionsOf(rounds), [
    {
      nodeId: 1n,
      asked: 2,
      contributed: 1,
      train: { asked: 2, contributed: 1 },
      evaluate: { asked: 0, contributed: 0 },
      lastFailure: { ...failed, round: 1, phase: "train" },
    },
  ]);
});

Deno.test("no rounds, no nodes", () => {
  assert.deepEqual(contributionsOf([]), []);
});

Deno.test("a node is silent if it was asked in a phase and none of its replies was aggregated", () => {
  const share = (asked: number, contributed: number) => ({ asked, contributed });
  const node = (train: [number, number], evaluate: [number, number]) => ({
    nodeId: 1n,
    asked: Math.max(train[0], evaluate[0]),
    contributed: Math.max(train[1], evaluate[1]),
    train: share(...train),
    evaluate: share(...evaluate),
  });
  assert.equal(isSilent(node([3, 0], [3, 3])), true);
  assert.equal(isSilent(node([3, 3], [1, 0])), true);
  assert.equal(isSilent(node([3, 1], [0, 0])), false);
  assert.equal(isSilent(node([0, 0], [2, 2])), false);
});
